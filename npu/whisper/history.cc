// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/history.h"

#include <algorithm>

#include "whisper/decoding.h"

namespace npu {

History::History(std::vector<int> initial, bool carry)
    : initial_(std::move(initial)), carry_(carry) {
  reset();
}

void History::reset() {
  tokens_.clear();
  if (!carry_) append(initial_);
}

void History::append(std::span<const int> tokens) {
  tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
  if (tokens_.size() > kMaxPromptTokens)
    tokens_.erase(tokens_.begin(), tokens_.end() - kMaxPromptTokens);
}

void History::forget() {
  tokens_.clear();
}

std::span<const int> History::prompt(size_t room) {
  if (!carry_) return std::span(tokens_).last(std::min(tokens_.size(), room));
  // Where the initial prompt alone fills the room, its end is kept and no history; the reference's
  // slices go wrong there.
  const size_t led = std::min(initial_.size(), room);
  const size_t followed = std::min(tokens_.size(), room - led);
  prompt_.assign(initial_.end() - static_cast<std::ptrdiff_t>(led), initial_.end());
  prompt_.insert(prompt_.end(), tokens_.end() - static_cast<std::ptrdiff_t>(followed),
                 tokens_.end());
  return prompt_;
}

}  // namespace npu
