// SPDX-License-Identifier: LGPL-2.1-or-later
// When each text token of a window was said: one teacher-forced pass and its alignment heads.
// Source: openai/whisper:whisper/timing.py, find_alignment().
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cancel.h"
#include "device/device.h"
#include "model/tokenizer.h"
#include "result.h"
#include "whisper/alignment_matrix.h"

namespace npu {

// For n text tokens. Times in seconds from the start of the window; before it, by 20 ms, if the
// window has less than two positions of audio, as in the reference.
struct TokenTimes {
  std::vector<float> probabilities;  // n: of each token among all text tokens
  std::vector<double> starts_s;      // n + 1: of each token, and of the end of text
};

struct AlignmentRequest {
  std::span<const int> text_tokens;  // of all segments of the window, timestamps left out
  std::string_view language;         // ignored for .en
  Task task = Task::kTranscribe;
  int frames = 0;      // mel frames of audio in the window; padding beyond is not looked at
  int self_slot = 0;   // its history is overwritten
  int cross_slot = 0;  // holds the window's cross K,V
};

// Owns the buffers of the pass. One per stream; not thread-safe.
class Aligner {
 public:
  // `heads`: alignment heads of the model. `max_rows`, `positions`: max_rows and cross_positions of
  // the contexts it will be used with; longer texts go in several runs. The tokenizer is borrowed.
  Aligner(const Tokenizer& tokenizer, int heads, int max_rows, int positions);

  // Runs list kAlign on `context`. No tokens: empty result. Errors: those of Context::run().
  Result<TokenTimes> align(Context& context, const AlignmentRequest& request,
                           const CancelToken& cancel, Deadline deadline);

 private:
  Result<void> run_rows(Context& context, const AlignmentRequest& request, size_t first,
                        size_t count, size_t first_text, const CancelToken& cancel,
                        Deadline deadline);

  const Tokenizer& tokenizer_;
  int heads_;
  int max_rows_;
  int positions_;
  std::vector<int> tokens_;             // start sequence, notimestamps, text, EOT
  std::vector<float> probabilities_;    // of the text tokens
  std::vector<Row> rows_;               // of one run
  std::vector<ScoreRequest> requests_;  // of one run
  std::vector<ScoreResult> results_;
  std::vector<float> scores_;  // [heads][rows of a run][positions]
  AlignmentMatrix matrix_;
};

}  // namespace npu
