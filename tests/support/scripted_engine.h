// SPDX-License-Identifier: LGPL-2.1-or-later
// An engine for the element's tests: deterministic, fast, and blocked or failing on demand.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine.h"

namespace npu::testing {

// Holds whoever passes while it is closed. Thread-safe.
class Gate {
 public:
  void close();
  void open();
  // Waits until the gate is open, or `cancel` fires: false.
  bool pass(const CancelToken& cancel);
  // Waits until someone is held.
  void wait_until_held();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;
  int held_ = 0;
};

// What the transcribers of one engine do, and what they saw. Set before use; counters at any time.
struct Script {
  double window_s = 30;  // audio per step
  int fail_step = 0;     // the n-th step of all fails (from 1); 0: none
  Error failure{ErrorCode::kDeviceLost, "the device is gone"};
  // In the n-th step of all (from 1) the device "npu" is lost and "cpu" takes its place; 0: it
  // never is, and is "cpu" from the start.
  int lose_step = 0;
  std::string language = "en";  // what is detected
  Gate step_gate;               // before each window
  Gate load_gate;               // before each load
  std::unique_ptr<Error> load_failure;
  std::string segment_text;  // of every segment; empty: "loud N", N from 1 in each run
  // Of every segment's translation, whose times are the segment's.
  std::string translation_text = " translated";
  std::vector<std::string>
      segment_texts;  // of the n-th segment of a run, over and over; goes first

  // The last segment of the input ends this much after it, and another one begins there, as Whisper
  // sometimes goes on.
  double overrun_s = 0;

  std::atomic<bool> translating{false};  // what the last transcriber was made for
  std::atomic<int> loads{0};
  std::atomic<int> steps{0};
  std::atomic<int> transcribers{0};
  std::atomic<int> living_models{0};
  std::atomic<bool> detects_speech{false};  // the last transcriber was given a detector

  // Samples pushed, one entry per run (from the first push to reset()). Read when the element is
  // idle.
  std::mutex mutex;
  std::vector<std::vector<float>> runs;
};

// "Recognises" loud stretches: each run of samples beyond 0.05 in size, with pauses of less than
// 100 ms inside, becomes a segment that begins and ends with it (to 1 ms). A stretch that reaches
// the end of a window waits for the next one, as Whisper's do. With a voice activity detector
// (whatever it is) speech is told to begin and end with each segment.
std::shared_ptr<gst::Engine> scripted_engine(std::shared_ptr<Script> script);

}  // namespace npu::testing
