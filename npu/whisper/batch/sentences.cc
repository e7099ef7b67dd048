// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/batch/sentences.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "whisper/strip.h"

namespace npu {
namespace {

using namespace std::string_view_literals;

constexpr std::array kMarks = {"."sv, "?"sv, "!"sv, "。"sv, "？"sv, "！"sv, "…"sv, "।"sv, "؟"sv};
constexpr std::array kClosing = {"\""sv, "'"sv, ")"sv, "]"sv, "”"sv, "’"sv, "»"sv, "」"sv, "』"sv};
// Shorter ones stay with what follows: "Mr.", "Yes."
constexpr int kFewestWords = 3;

template <size_t kCount>
bool ends_with_one(std::string_view text, const std::array<std::string_view, kCount>& ends,
                   size_t& length) {
  for (const std::string_view end : ends) {
    if (!text.ends_with(end)) continue;
    length = end.size();
    return true;
  }
  return false;
}

bool ends_sentence(std::string_view word) {
  word = strip(word);
  size_t length = 0;
  while (ends_with_one(word, kClosing, length)) word.remove_suffix(length);
  return ends_with_one(word, kMarks, length);
}

}  // namespace

std::vector<size_t> sentence_ends(std::span<const WordTiming> words) {
  std::vector<size_t> ends;
  int said = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i].text.empty()) continue;
    ++said;
    if (said < kFewestWords || !ends_sentence(words[i].text)) continue;
    ends.push_back(i + 1);
    said = 0;
  }
  if (!words.empty() && (ends.empty() || ends.back() < words.size())) {
    // What is empty behind the last sentence belongs to it.
    if (said == 0 && !ends.empty())
      ends.back() = words.size();
    else
      ends.push_back(words.size());
  }
  return ends;
}

}  // namespace npu
