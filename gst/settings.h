// SPDX-License-Identifier: LGPL-2.1-or-later
// The values of the element's properties, and what they mean for the engine.
#pragma once

#include <cstdint>
#include <string>

#include "model/model.h"
#include "result.h"
#include "text/text_output.h"
#include "whisper/options.h"

namespace npu::gst {

enum class DeviceChoice { kAuto, kCpu, kNpu };

// Whether to detect voice activity; kAuto: if the detector's weights are there.
enum class VadChoice { kAuto, kOn, kOff };

// One field per property, in the form in which users write it. A value that switches something
// off is said in the property's blurb.
struct Settings {
  std::string model = "base";
  DeviceChoice device = DeviceChoice::kAuto;
  unsigned device_index = 0;
  unsigned threads = 0;
  Precision precision = Precision::kAuto;

  std::string language_code = "auto";
  Task task = Task::kTranscribe;
  Mode mode = Mode::kFile;
  unsigned batch_size = static_cast<unsigned>(TranscribeOptions().batch_size);

  unsigned beam_size = 0;
  unsigned best_of = 5;
  double patience = 1.0;
  double length_penalty = -1.0;
  double temperature = 0.0;
  double temperature_increment = 0.2;
  double compression_ratio_threshold = 2.4;
  double logprob_threshold = -1.0;
  double no_speech_threshold = 0.6;
  uint64_t seed = 0;
  unsigned max_tokens = 224;

  std::string initial_prompt;
  bool carry_initial_prompt = false;
  bool condition_on_previous_text = true;
  std::string prefix;
  bool suppress_blank = true;
  std::string suppress_tokens = "-1";
  bool without_timestamps = false;
  double max_initial_timestamp_s = 1.0;

  bool word_timestamps = false;
  std::string prepend_punctuations = TranscribeOptions().prepend_punctuations;
  std::string append_punctuations = TranscribeOptions().append_punctuations;
  double hallucination_silence_threshold_s = 0.0;
  Normalisation normalisation = Normalisation::kRunning;
  EncoderPositions encoder_positions = EncoderPositions::kFull;

  VadChoice vad = VadChoice::kAuto;
  double vad_threshold = 0.5;

  OutputMode output_mode = OutputMode::kCues;
  OutputWay output = OutputWay::kBuffers;
  unsigned max_line_chars = 42;
  unsigned max_lines = 2;
  unsigned min_duration_ms = 833;
  unsigned max_duration_ms = 7000;
  double max_cps = 20;
  unsigned min_gap_ms = 83;
  unsigned chain_gap_ms = 500;
  unsigned linger_ms = 500;

  int max_lag_ms = -1;
  unsigned latency_ms = 8000;
  unsigned lateness_ms = 0;
};

// Ends of the ranges that mean "off".
inline constexpr double kNoLogprobThreshold = -100.0;
inline constexpr double kNoLengthPenalty = -1.0;
inline constexpr int kWholeWindows = -1;  // of max_lag_ms

ModelRequest model_request(const Settings& settings);
bool same_model(const ModelRequest& a, const ModelRequest& b);

// Errors: kInvalidArgument, naming the property and what it may be.
Result<TranscribeOptions> transcribe_options(const Settings& settings);

OutputSettings output_settings(const Settings& settings);
// Errors: kInvalidArgument, naming the property and what it may be.
Result<void> check_output(const Settings& settings);

// The language of the output as a tag has it: the code in BCP-47 spelling, "und" if `code` is
// empty. A translation is English.
std::string tag_language(const std::string& code, Task task);

}  // namespace npu::gst
