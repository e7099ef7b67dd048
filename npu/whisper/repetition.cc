// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/repetition.h"

#include <vector>

namespace npu {
namespace {

constexpr size_t kTurns = 3;
constexpr size_t kLeastTokens = 12;

}  // namespace

std::optional<size_t> repeated_tail(std::span<const int> tokens, int timestamp_begin) {
  std::vector<size_t> text;  // indices of the tokens that are no timestamps
  for (size_t i = 0; i < tokens.size(); ++i)
    if (tokens[i] < timestamp_begin) text.push_back(i);
  std::optional<size_t> tail;
  for (size_t period = 1; period * kTurns <= text.size(); ++period) {
    // Tokens at the end that are the same as one turn earlier.
    size_t same = 0;
    while (same + period < text.size() &&
           tokens[text[text.size() - 1 - same]] == tokens[text[text.size() - 1 - same - period]])
      ++same;
    if (same < (kTurns - 1) * period || same + period < kLeastTokens) continue;
    const size_t second_turn = text[text.size() - same];
    if (!tail || second_turn < *tail) tail = second_turn;
  }
  return tail;
}

}  // namespace npu
