// SPDX-License-Identifier: LGPL-2.1-or-later
// The Transcriber for speed: chunks of speech decoded side by side.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vad/speech_gate.h"
#include "whisper/alignment.h"
#include "whisper/batch/chunk_text.h"
#include "whisper/batch/chunker.h"
#include "whisper/batch/history_pool.h"
#include "whisper/clips.h"
#include "whisper/features.h"
#include "whisper/inference.h"
#include "whisper/search_driver.h"
#include "whisper/transcriber.h"

namespace npu {

// Speech is cut into chunks (chunker.h). Each takes a slot as soon as one is free, is encoded there
// and decoded as one row, or a few, of the steps that all slots share; its text does not depend on
// the others. Texts are handed out in the order of time, one chunk per step(). While the input goes
// on, nothing is decoded until every slot is taken: text trails the input by that many chunks.
//
// No chunk knows the text of another; the initial prompt and the prefix are those of every chunk.
// Until the language is known chunks are decoded one by one.
class BatchTranscriber : public Transcriber {
 public:
  // Preconditions: those of LongForm. Errors: those of Program::create_context().
  static Result<std::unique_ptr<Transcriber>> create(std::shared_ptr<const Model> model,
                                                     const TranscribeOptions& options);

  void push(std::span<const float> samples) override;
  void end_input() override;
  Result<Step> step(const CancelToken& cancel) override;
  // Text trails the input by a batch of chunks, whatever is asked for.
  void set_lag(double, bool) override {}
  void reset() override;
  const std::string& language() const override { return language_; }
  bool language_settled() const override { return language_sure_; }
  float language_probability() const override { return language_probability_; }
  double pushed_s() const override;
  const TranscriberStats& stats() const override { return stats_; }

 private:
  // A chunk whose text has not been handed out.
  struct Entry {
    Chunk chunk;
    bool done = false;
    std::vector<std::vector<Segment>> segments;  // of each task
  };
  // One text of the chunk in a slot.
  struct Part {
    std::unique_ptr<ChunkText> text;
    int own_slot;                      // the first of its own histories
    std::optional<int> borrowed = {};  // a set of others
    bool open = false;                 // its search goes on or waits for histories
    std::optional<int> rest = {};      // where it is to be heard again
  };
  struct Slot {
    int cross_slot;
    std::vector<Part> parts;  // of each task
    Entry* entry = nullptr;   // null: free
    int heard = 0;            // audio up to here may be looked at
    int start = 0;            // what was encoded last, from this frame on
    bool wants_all_positions = false;
  };

  BatchTranscriber(std::shared_ptr<const Model> model, const TranscribeOptions& options,
                   std::unique_ptr<Context> context, const ContextLimits& limits,
                   const HistoryPool& histories);

  int content() const;
  void skip_to(int frame);
  std::optional<Chunk> next_chunk(int& heard);
  std::optional<Chunk> cut_chunk(int start, int clip_end, int heard);
  Slot* free_slot();
  bool all_taken() const;
  Result<void> fill();
  Result<void> hear(Slot& slot, int start, bool again);
  Result<void> encode(Slot& slot, int start, int positions);
  Result<void> hear_on_all_positions(Slot& slot);
  void begin_parts(Slot& slot, bool fitted);
  Result<void> detect(const Slot& slot);
  Result<void> advance();
  Result<void> take(const Search* search);
  void lend_histories();
  Result<void> conclude(Slot& slot, size_t task);
  Result<void> leave_or_hear_rest(Slot& slot);
  Step hand_out();
  Step finish_step(Step step);

  std::shared_ptr<const Model> model_;  // first: outlives the context
  const TranscribeOptions options_;
  TranscriberStats stats_;
  Inference inference_;
  SearchDriver driver_;
  Features features_;
  Clips clips_;
  Aligner aligner_;
  HistoryPool histories_;
  std::vector<std::unique_ptr<BatchTask>> tasks_;  // transcript first
  std::unique_ptr<SpeechGate> gate_;               // null: without voice activity detection

  std::deque<Entry> entries_;  // in order of time
  std::vector<Slot> slots_;
  std::deque<std::pair<Slot*, size_t>> waiting_;  // texts, by task, for histories

  CancelToken cancel_;  // of the step that runs
  std::string language_;
  float language_probability_ = 0;
  bool language_sure_ = false;
  std::vector<float> mel_;  // [3000][bands] of a chunk
  std::vector<float> energies_;
};

}  // namespace npu
