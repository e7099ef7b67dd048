// SPDX-License-Identifier: LGPL-2.1-or-later
// The Transcriber for speed: chunks of speech decoded side by side.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "whisper/batch/chunk_text.h"
#include "whisper/batch/chunker.h"
#include "whisper/batch/shared_batch.h"
#include "whisper/heard_input.h"
#include "whisper/transcriber.h"

namespace npu {

// Speech is cut into chunks (chunker.h), which are heard in a batch that all streams of the model
// share (shared_batch.h). The text of a chunk does not depend on the others. Texts are handed out
// in the order of time, one chunk per step(). While the input goes on, nothing is decoded until
// every slot is taken, by whatever stream: text trails the input by that many chunks at most.
//
// No chunk knows the text of another; the initial prompt and the prefix are those of every chunk.
// Until the language is known chunks are decoded one by one.
class BatchTranscriber : public Transcriber {
 public:
  // Preconditions: those of LongForm. Errors: those of Program::create_context().
  static Result<std::unique_ptr<Transcriber>> create(std::shared_ptr<const Model> model,
                                                     const TranscribeOptions& options);
  ~BatchTranscriber() override;

  void push(std::span<const float> samples) override { input_.push(samples); }
  void end_input() override { input_.end_input(); }
  Result<Step> step(const CancelToken& cancel) override;
  // Text trails the input by a batch of chunks, whatever is asked for.
  void set_lag(double, bool) override {}
  void reset() override;
  const std::string& language() const override { return language_; }
  bool language_settled() const override { return language_sure_; }
  float language_probability() const override { return language_probability_; }
  double pushed_s() const override { return input_.pushed_s(); }
  const TranscriberStats& stats() const override { return stats_; }

 private:
  // A text of a chunk.
  struct Text {
    std::vector<Segment> segments;
    std::optional<int> rest;  // from where on it is still to be heard
    bool on_all = false;      // that is to be encoded on all positions
  };
  // A chunk whose texts have not been handed out.
  struct Entry {
    Chunk chunk;
    int heard;  // audio up to here may be looked at
    std::shared_ptr<Hearing> hearing;
    std::vector<Text> texts;  // of each task
    bool done = false;
  };

  BatchTranscriber(std::shared_ptr<const Model> model, const TranscribeOptions& options,
                   std::shared_ptr<SharedBatch> batch);

  Result<Step> next_step(const CancelToken& cancel);
  Result<void> collect();
  Result<void> fill(const CancelToken& cancel);
  std::optional<Chunk> next_chunk(int& heard);
  std::optional<Chunk> cut_chunk(int start, int clip_end, int heard);
  void hear_rest(Entry& entry);
  void take(Entry& entry);
  void take_text(Entry& entry, size_t task);
  Step hand_out();
  Step finish_step(Step step);

  std::shared_ptr<const Model> model_;  // first: outlives what follows
  const TranscribeOptions options_;
  TranscriberStats stats_;
  HeardInput input_;
  std::vector<std::shared_ptr<const BatchTask>> tasks_;  // transcript first
  std::shared_ptr<SharedBatch> batch_;
  BatchMember member_;
  std::deque<Entry> entries_;  // in order of time

  std::string language_;
  float language_probability_ = 0;
  bool language_sure_ = false;
  std::vector<float> energies_;
};

}  // namespace npu
