// SPDX-License-Identifier: LGPL-2.1-or-later
// One chunk in one task: temperature fallback, silence rule, segments and words.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cancel.h"
#include "model/tokenizer.h"
#include "result.h"
#include "whisper/alignment.h"
#include "whisper/decoding.h"
#include "whisper/inference.h"
#include "whisper/options.h"
#include "whisper/segment.h"
#include "whisper/transcriber.h"
#include "whisper/word_times.h"

namespace npu {

// What all chunks of a stream share in one task. Immutable; borrows the tokenizer.
struct BatchTask {
  BatchTask(const Tokenizer& tokenizer, const TranscribeOptions& options, Task task);
  BatchTask(const BatchTask&) = delete;
  BatchTask& operator=(const BatchTask&) = delete;

  const Tokenizer& tokenizer;
  const TranscribeOptions options;
  const DecodingOptions decoding;  // of this task
  const WindowDecoder decoder;
  const std::vector<int> prompt;  // of every chunk
};

// Self slots that a chunk needs at the temperature with index `attempt`.
int histories_at_attempt(const TranscribeOptions& options, size_t attempt);
// Positions of the self cache that any chunk needs.
int positions_needed(const Tokenizer& tokenizer, const TranscribeOptions& options);

// What is decoded, in mel frames, and where its cross K,V are.
struct ChunkWindow {
  int start;
  int frames;
  bool little_speech;  // as for needs_fallback()
  int cross_slot;
  bool fitted;  // on fewer encoder positions
};

// What is found does not depend on other chunks. Not thread-safe.
class ChunkText {
 public:
  struct Outcome {
    std::vector<Segment> segments;
    // The frame from which on the chunk is to be heard again, as a window of its own: its text was
    // longer than can be decoded at once, or went into a loop.
    std::optional<int> rest;
  };

  // `stats` is borrowed.
  ChunkText(std::shared_ptr<const BatchTask> task, TranscriberStats& stats)
      : task_(std::move(task)), stats_(stats) {}

  const BatchTask& task() const { return *task_; }
  // Begins `window` at the first temperature: search() is to be stepped until it is done, and
  // advance() called. `self_slot`: the first of as many histories as that needs.
  void begin(std::string_view language, const ChunkWindow& window, int self_slot);
  Search& search() { return *search_; }
  bool owns(const Search* search) const { return search && search_.get() == search; }
  // Takes what search() found. True if the window is decoded; false if it is to be decoded once
  // more, by again(), at the next temperature.
  bool advance();
  // Whether the window, on fewer positions, was decoded to text that failed the tests for fallback,
  // and is to be begun anew on all. Precondition: it is decoded.
  bool wants_all_positions() const { return wants_all_positions_; }
  size_t attempt() const { return attempt_; }
  void again(int self_slot);

  // Segments of the decoded window, with words if they have been timed. `self_slot`: a history that
  // may be overwritten. Errors: those of Context::run(); it may be called again.
  Result<Outcome> conclude(int self_slot, Aligner& aligner, Inference& inference,
                           const CancelToken& cancel);

 private:
  WindowRequest request(int self_slot) const;
  void log_outcome(bool silence) const;
  bool is_full() const;
  bool cut_loop();
  Result<Outcome> by_timestamps(bool looped, const WordTimesRequest& request, Aligner& aligner,
                                Inference& inference, const CancelToken& cancel) const;
  Result<Outcome> by_words(bool looped, const WordTimesRequest& request, Aligner& aligner,
                           Inference& inference, const CancelToken& cancel) const;
  std::optional<int> rest_from(int frame) const;
  std::vector<Segment> sentences(std::span<const WordTiming> words) const;

  std::shared_ptr<const BatchTask> task_;
  TranscriberStats& stats_;
  std::string language_;
  ChunkWindow window_{};
  bool looped_ = false;  // the window before this one, of the same chunk, lost a loop
  size_t attempt_ = 0;
  bool wants_all_positions_ = false;
  std::unique_ptr<Search> search_;
  DecodedWindow decoded_;
  std::optional<bool> loop_cut_;  // from decoded_; unset: not looked for yet
};

}  // namespace npu
