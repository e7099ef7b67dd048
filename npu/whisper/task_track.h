// SPDX-License-Identifier: LGPL-2.1-or-later
// One task (transcribe or translate) through the windows of a stream: temperature fallback, silence
// rule, segments, words, and its own previous text.
// Source: openai/whisper:whisper/transcribe.py, decode_with_fallback() and the body of
// transcribe()'s loop.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cancel.h"
#include "model/tokenizer.h"
#include "result.h"
#include "vad/speech_gate.h"
#include "whisper/alignment.h"
#include "whisper/decoding.h"
#include "whisper/history.h"
#include "whisper/inference.h"
#include "whisper/options.h"
#include "whisper/segment.h"
#include "whisper/split.h"
#include "whisper/transcriber.h"

namespace npu {

// A window whose cross K,V are in slot 0 of the context. All in mel frames.
struct TrackWindow {
  int start;           // where new text begins
  int origin;          // where its audio begins: `start`, or before it, with text that is decided
  int frames;          // of audio in it, from the origin
  int content_frames;  // of the whole input, or what is known of it
  int least_next;      // the next window begins here or later
  bool late_starts;    // nothing begins before `start`; otherwise word times may
  bool heard_again;    // its audio may be heard again in front of the next window
  const SpeechGate* gate = nullptr;  // where speech is; null: not known
};

// What a window gave.
struct TrackOutcome {
  std::vector<Segment> segments;
  int next;  // frame at which the next window begins; beyond `start`
};

// Not thread-safe. Everything given to the constructor is borrowed.
class TaskTrack {
 public:
  // `first_slot`: the first of histories_needed() self slots that belong to this track.
  TaskTrack(const Tokenizer& tokenizer, const TranscribeOptions& options, Task task, int first_slot,
            TranscriberStats& stats);
  // search() and decoder_ point into it.
  TaskTrack(const TaskTrack&) = delete;
  TaskTrack& operator=(const TaskTrack&) = delete;

  // Forgets text and what it knows of the stream.
  void reset();

  // A pause so long that what was said before is no context for what follows.
  void forget_text();
  // The audio so far is not heard again: its text is left to the previous text.
  void leave_audio();

  // Where a window that is to begin at `start` can begin to hear: the beginning of a segment of
  // earlier pieces, at `earliest` or later, or `start`.
  int origin(int start, int earliest) const;

  // Begins the window at frame `start`, whose audio begins at `origin`. Then search() is to be
  // stepped until it is done, and advance() called, until that returns true.
  // `little_speech`: as for needs_fallback(). `fitted`: the encoder ran on fewer positions; the
  // window may then be begun anew on all.
  void begin(std::string_view language, int start, int origin, bool little_speech, bool fitted);
  Search& search() { return *search_; }
  bool is_decoding() const { return search_ != nullptr; }
  // Takes what search() found. True if the window is decoded; false if search() is another one, at
  // the next temperature, which may have been ahead() and is not done.
  bool advance();
  // Whether the window, on fewer positions, was decoded to text that failed the tests for fallback,
  // and is to be begun anew on all. Precondition: it is decoded.
  bool wants_all_positions() const { return wants_all_positions_; }

  // Where two temperatures have failed most often all do. Then the one behind that of search() may
  // be decoded beside it, in the same steps, in histories from `spare_slot` on, which nobody uses
  // while the window is decoded. False if it is not worth it.
  bool start_ahead(int spare_slot);
  // The search that does so; null: none. It may be stepped and is to be forgotten with
  // forget_ahead() once the window is decoded.
  Search* ahead() { return ahead_.get(); }
  void forget_ahead();
  int first_slot() const { return first_slot_; }
  // Whether that is more than silence. Precondition: the window is decoded.
  bool found_text() const;

  // Turns the decoded window into segments, with words if they are wanted, and remembers its text.
  // With `until`, a frame, the next window will begin there whatever this text says: unfinished
  // text counts up to there, and segments that lie behind it do not. Errors: those of
  // Context::run().
  Result<TrackOutcome> conclude(const TrackWindow& window, std::optional<int> until,
                                Aligner& aligner, Inference& inference, const CancelToken& cancel);

 private:
  void start_search();
  void expect_unfinished(int origin);
  bool cut_loop();
  WindowRequest request(size_t attempt, int self_slot);
  void count(const Search& search);
  void forget_before(int origin);
  void remember(const std::vector<Segment>& segments, const TrackWindow& window, bool looped);
  Result<bool> add_words(SplitWindow& split, const TrackWindow& window, Aligner& aligner,
                         Inference& inference, const CancelToken& cancel);

  const Tokenizer& tokenizer_;
  const TranscribeOptions& options_;
  const DecodingOptions decoding_;  // of this task
  const WindowDecoder decoder_;
  const int first_slot_;
  TranscriberStats& stats_;
  const bool hears_back_;  // whether pieces hear the audio of earlier ones again
  History history_;
  std::vector<Segment> recent_;  // of earlier pieces, behind what history_ has; without words
  bool has_text_ = false;        // both together are more than the initial prompt
  double last_speech_s_ = 0;
  std::vector<int> unfinished_;  // tokens that the last window left out, with times from
  int unfinished_origin_ = 0;    // this frame on

  // Of the window that is decoded.
  std::string language_;
  int start_ = 0;
  bool little_speech_ = false;
  bool fitted_ = false;
  bool wants_all_positions_ = false;
  bool cut_loop_ = false;      // the window before lost a loop
  std::vector<int> said_;      // tokens of recent_, with times from the origin
  std::vector<int> expected_;  // what it may well be decoded to
  size_t attempt_ = 0;         // index of its temperature
  int search_slot_ = 0;        // the first history of search_
  int ahead_slot_ = 0;
  std::unique_ptr<Search> search_;
  std::unique_ptr<Search> ahead_;
  DecodedWindow decoded_;
};

}  // namespace npu
