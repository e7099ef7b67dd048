// SPDX-License-Identifier: LGPL-2.1-or-later
// The text that the decoder is told came before.
// Source: openai/whisper:whisper/transcribe.py, all_tokens and prompt_reset_since.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace npu {

// Memory is bounded: only as many tokens as a prompt can use are kept.
class History {
 public:
  // `initial`: tokens of the initial prompt. If `carry`, they lead every prompt; otherwise they are
  // the first of the history, and forgotten with it.
  History(std::vector<int> initial, bool carry);

  // Adds the tokens of a window's segments, timestamps included.
  void append(std::span<const int> tokens);
  bool empty() const { return tokens_.empty(); }
  // From here on prompts hold nothing of what came before (but the carried initial prompt).
  void forget();
  // As it was made.
  void reset();

  // The latest, `room` tokens at most; valid until the next call. Precondition: room is at most
  // kMaxPromptTokens.
  std::span<const int> prompt(size_t room);

 private:
  std::vector<int> initial_;
  bool carry_;
  std::vector<int> tokens_;
  std::vector<int> prompt_;
};

}  // namespace npu
