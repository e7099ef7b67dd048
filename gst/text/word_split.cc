// SPDX-License-Identifier: LGPL-2.1-or-later
// The words of a segment: those that were computed, or a division of its text.
#include <glib.h>

#include <string>
#include <vector>

#include "text/cue_former.h"
#include "text/cue_text.h"

namespace npu::gst {
namespace {

// Letters of scripts without spaces between words.
bool stands_alone(gunichar character) {
  if (!g_unichar_isalnum(character)) return false;
  switch (g_unichar_get_script(character)) {
    case G_UNICODE_SCRIPT_HAN:
    case G_UNICODE_SCRIPT_HIRAGANA:
    case G_UNICODE_SCRIPT_KATAKANA:
    case G_UNICODE_SCRIPT_THAI:
    case G_UNICODE_SCRIPT_LAO:
    case G_UNICODE_SCRIPT_KHMER:
    case G_UNICODE_SCRIPT_MYANMAR:
      return true;
    default:
      return false;
  }
}

struct Part {
  std::string text;
  int64_t characters;
};

// Punctuation and combining marks stay with what is before them.
std::vector<Part> divide(const std::string& text) {
  std::vector<Part> parts;
  bool after_alone = false;
  for (const char* at = text.c_str(); *at != '\0'; at = g_utf8_next_char(at)) {
    const gunichar character = g_utf8_get_char(at);
    const bool space = character == ' ' || character == '\n';
    const bool alone = stands_alone(character);
    const bool letter = g_unichar_isalnum(character);
    if (parts.empty() || space || alone || (after_alone && letter)) parts.push_back({"", 0});
    if (space || letter) after_alone = alone;
    if (space)
      parts.back().text += ' ';
    else
      parts.back().text.append(at, static_cast<size_t>(g_utf8_next_char(at) - at));
    ++parts.back().characters;
  }
  return parts;
}

}  // namespace

std::vector<captions::CaptionWord> words_of(const SpokenSegment& segment) {
  std::vector<captions::CaptionWord> words = segment.words;
  std::erase_if(words, [](const auto& word) { return clean_cue_text(word.text).empty(); });
  if (!words.empty()) return words;
  const std::vector<Part> parts = divide(clean_cue_text(segment.text));
  int64_t all = 0;
  for (const Part& part : parts) all += part.characters;
  int64_t before = 0;
  const auto time = [&](int64_t characters) {
    const double share = static_cast<double>(characters) / static_cast<double>(all);
    return segment.start_ns +
           static_cast<int64_t>(share * static_cast<double>(segment.end_ns - segment.start_ns));
  };
  for (const Part& part : parts) {
    const std::string text = (words.empty() ? " " : "") + part.text;
    words.push_back({text, time(before), time(before + part.characters), 0});
    before += part.characters;
  }
  return words;
}

}  // namespace npu::gst
