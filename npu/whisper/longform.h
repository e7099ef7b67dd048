// SPDX-License-Identifier: LGPL-2.1-or-later
// The Transcriber: the reference's loop over windows, one turn per step().
// Source: openai/whisper:whisper/transcribe.py, transcribe().
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "whisper/alignment.h"
#include "whisper/heard_input.h"
#include "whisper/inference.h"
#include "whisper/piece.h"
#include "whisper/search_driver.h"
#include "whisper/task_track.h"
#include "whisper/transcriber.h"

namespace npu {

// Pieces shorter than a window (max_lag_s) are put behind the audio of those before, as much as a
// window holds, and their text goes on from that of these. Where nothing may count as context (see
// TaskTrack) each is decoded alone, and so is, without any previous text, one in which going on
// gave no text.
//
// With also_translate a second track hears the same windows, decoded as rows of the same steps. It
// begins where the transcript's windows begin: text that is unfinished where the transcript goes on
// is cut there, and segments that lie beyond it are left to the next window. From the first window
// on that reaches the end of a clip (so from the start, for inputs of at most 30 s) it goes its own
// way to that end, as a translation alone would, and shares the encoder where both begin alike.
class LongForm : public Transcriber {
 public:
  // Precondition: validate(options, model->tokenizer()) succeeded. Errors: those of
  // Program::create_context().
  static Result<std::unique_ptr<Transcriber>> create(std::shared_ptr<const Model> model,
                                                     const TranscribeOptions& options);
  // The same with a `context` that was made with `limits`, which fit the options.
  LongForm(std::shared_ptr<const Model> model, const TranscribeOptions& options,
           std::unique_ptr<Context> context, const ContextLimits& limits);

  void push(std::span<const float> samples) override { input_.push(samples); }
  void end_input() override { input_.end_input(); }
  Result<Step> step(const CancelToken& cancel) override;
  void set_lag(double max_lag_s, bool catch_up) override;
  void reset() override;
  const std::string& language() const override { return language_; }
  bool language_settled() const override { return language_sure_; }
  float language_probability() const override { return language_probability_; }
  double pushed_s() const override { return input_.pushed_s(); }
  const TranscriberStats& stats() const override { return stats_; }

 private:
  // The window to be decoded next, and for whom.
  struct Turn {
    Clips::Window window;
    bool transcript;
    bool translation;
  };

  void skip_silence();
  void skip_to(int frame);
  std::optional<Piece> next_piece(const Clips::Window& window);
  int look_ahead() const;
  Result<void> detect();
  Result<void> encode(int start, int frames, int heard, int positions);
  std::optional<Turn> next_turn();
  Result<void> hear(const Turn& turn, const Piece& piece, int origin);
  Result<void> decode(const Turn& turn, const Piece& piece, int origin);
  bool wants_all_positions(const Turn& turn) const;
  void go_on(TaskTrack& track);
  Result<Step> run_turn(const Turn& turn, const Piece& piece);
  int hearing_origin(const Turn& turn, const Piece& piece) const;
  Result<void> run_tracks(Turn& left, const Piece& piece, int origin, Step& step);
  Result<void> conclude_translation(const Clips::Window& clip, const TrackWindow& window,
                                    Step& step);
  Step finish_step(Step step);
  double decided_s(Step::Kind kind, int needed) const;

  std::shared_ptr<const Model> model_;  // first: outlives the context
  TranscribeOptions options_;
  TranscriberStats stats_;
  Inference inference_;
  SearchDriver driver_;
  HeardInput input_;
  Pieces pieces_;
  Aligner aligner_;
  TaskTrack transcript_;
  std::unique_ptr<TaskTrack> translation_;        // with also_translate
  std::optional<Clips::Window> translation_way_;  // where it is on its own way to a clip's end
  size_t heard_clip_ = 0;                         // of the last turn

  int skipped_to_ = -1;   // where the clips' position is if it was moved over silence
  int silence_from_ = 0;  // where it was before

  CancelToken cancel_;  // of the step that runs
  std::string language_;
  float language_probability_ = 0;
  bool language_sure_ = false;  // otherwise it is detected anew in the next window
  std::vector<float> mel_;      // [3000][bands] of the window
  int encoded_start_ = 0;       // the window whose cross K,V the context holds;
  int encoded_frames_ = 0;      // 0: none
  int encoded_positions_ = 0;
};

}  // namespace npu
