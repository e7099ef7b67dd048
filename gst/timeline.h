// SPDX-License-Identifier: LGPL-2.1-or-later
// Where in the stream each second of the engine's input lies. Knows no GStreamer.
#pragma once

#include <cstdint>
#include <vector>

namespace npu::gst {

// The engine counts samples of one unbroken run of audio; the stream has a time stamp on every
// buffer, with holes, overlaps, jitter and drift. The time stamps are the truth: the timeline
// keeps anchors (frame of the run, time in the stream) and says for each buffer what must be done
// to keep the run unbroken. All times are ns in the input segment, all frames at the input rate.
// One thread at a time.
class Timeline {
 public:
  // A time stamp this close to the counted one is jitter (as in gst_audio_stream_align_process()).
  static constexpr int64_t kAlign_ns = 40'000'000;
  // An unannounced deviation below this must last as long before it is believed.
  static constexpr int64_t kDisbelief_ns = 1'000'000'000;
  // A hole up to this long is filled with silence; a longer one ends the run.
  static constexpr int64_t kLongestSilence_ns = 2'000'000'000;
  // Audio that goes back up to this far is a repetition and skipped; further back, it is a source
  // that started its clock again, and counted on from where the stream was.
  static constexpr int64_t kLongestRepetition_ns = 10'000'000'000;

  enum class Action {
    kAppend,   // the buffer continues the run
    kSilence,  // append `frames` of silence first
    kSkip,     // drop the first `frames` of the buffer (maybe all), then append the rest
    kRestart,  // end the run, then start() one at `pts_ns`
  };
  struct Placement {
    Action action;
    int64_t frames;
    int64_t pts_ns;  // of the buffer, corrected for clocks that started again
  };

  // Decides about a buffer of `frames` at `pts_ns`. `discont`: the stream says that it is broken
  // here.
  Placement place(int64_t pts_ns, int64_t frames, int rate, bool discont);

  // Begins a run whose first frame is at `pts_ns`.
  void start(int64_t pts_ns, int rate);
  // Counts frames that were given to the engine. Precondition: running().
  void append(int64_t frames);
  // Ends the run; the time stamp that would have continued it stays known.
  void end() { running_ = false; }
  // Forgets everything, as after a flush.
  void reset() { *this = Timeline(); }

  bool running() const { return running_; }
  // Whether end_ns() means anything.
  bool started() const { return !anchors_.empty(); }
  // Where the next frame belongs.
  int64_t end_ns() const { return at_frame(frames_); }
  // Where the run began.
  int64_t start_ns() const { return at_frame(0); }
  // Where `seconds` after the beginning of the run lies.
  int64_t at(double seconds) const;
  // Length of the run, from its frames.
  double run_s() const { return static_cast<double>(frames_) / rate_; }
  // Anchors before `seconds` are not needed any more.
  void forget_before(double seconds);

 private:
  struct Anchor {
    int64_t frame;
    int64_t pts_ns;
  };

  int64_t at_frame(int64_t frame) const;
  int64_t to_ns(int64_t frames) const;
  int64_t to_frames(int64_t ns) const;

  std::vector<Anchor> anchors_;  // by frame
  int64_t frames_ = 0;
  int64_t doubted_frames_ = 0;  // how much audio has deviated so far
  int64_t shift_ns_ = 0;        // added to time stamps since the source's clock started again
  int rate_ = 1;
  bool running_ = false;
};

}  // namespace npu::gst
