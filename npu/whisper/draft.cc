// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/draft.h"

#include <algorithm>

namespace npu {
namespace {

constexpr size_t kLeastExpected = 2;
constexpr size_t kLeastRepeated = 3;
constexpr size_t kMostCompared = 16;  // tokens; longer matches are no better

}  // namespace

// Tokens of text in the longest common end of text[0..end) and `path`; any two timestamps are
// alike.
size_t DraftSource::matched(std::span<const int> text, size_t end,
                            std::span<const int> path) const {
  size_t count = 0;
  const size_t most = std::min(end, path.size());
  for (size_t i = 1; i <= most && count < kMostCompared; ++i) {
    const int a = text[end - i], b = path[path.size() - i];
    if (is_timestamp(a) && is_timestamp(b)) continue;
    if (a != b) break;
    ++count;
  }
  return count;
}

std::span<const int> DraftSource::tokens(Text text, std::span<const int> path) const {
  switch (text) {
    case Text::kExpected:
      return expected_;
    case Text::kPath:
      return path;
    case Text::kBefore:
      return before_;
    case Text::kNone:
      break;
  }
  return {};
}

DraftSource::Place DraftSource::find(std::span<const int> path) const {
  if (path.size() < expected_.size() && std::equal(path.begin(), path.end(), expected_.begin()))
    return {Text::kExpected, path.size(), path.size()};
  Place best;
  for (const Text text : {Text::kExpected, Text::kPath, Text::kBefore}) {
    const std::span<const int> all = tokens(text, path);
    const size_t least = text == Text::kExpected ? kLeastExpected : kLeastRepeated;
    for (size_t next = all.size(); next-- > 1;) {
      const size_t here = matched(all, next, path);
      if (here >= least && here > best.matched) best = {text, next, here};
    }
  }
  return best;
}

// A timestamp that followed `heard`, as late behind the last one of `path` as it was behind the
// last one there; -1 if that is none.
int DraftSource::moved(int timestamp, std::span<const int> heard, std::span<const int> path) const {
  const auto last = [&](std::span<const int> tokens) {
    const auto found =
        std::find_if(tokens.rbegin(), tokens.rend(), [&](int id) { return is_timestamp(id); });
    return found == tokens.rend() ? -1 : *found;
  };
  const int there = last(heard), here = last(path);
  if (there < 0 || here < 0) return -1;
  const int id = timestamp + here - there;
  return is_timestamp(id) && id < vocabulary_ ? id : -1;
}

void DraftSource::extend(std::vector<int>& path, size_t most) const {
  if (most == 0) return;
  const Place place = find(path);
  for (size_t next = place.next; most-- > 0; ++next) {
    const std::span<const int> text = tokens(place.text, path);
    if (next >= text.size()) return;
    int id = text[next];
    if (is_timestamp(id) && place.text != Text::kExpected) id = moved(id, text.first(next), path);
    if (id < 0 || (id >= special_.end_of_text && !is_timestamp(id))) return;
    path.push_back(id);
  }
}

size_t DraftBudget::allowed() const {
  return std::min(length_, static_cast<size_t>(std::max(0, balance_ / kUnit)));
}

void DraftBudget::account(size_t guesses, size_t right) {
  const int rows = static_cast<int>(right) * kRowsPerStep - static_cast<int>(guesses);
  balance_ = std::min(balance_ + rows * kUnit + kUnit / kStepsPerRow, kMost * kUnit);
  if (guesses == 0) return;
  length_ = right == guesses ? std::clamp(2 * guesses, length_, kMostGuesses)
                             : std::max<size_t>(right, 2);
}

}  // namespace npu
