// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the time of a run went.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "device/device_work.h"
#include "subtitle/transcription_pipeline.h"

namespace npu::subtitle {

struct Profile {
  std::string file;
  std::string model;
  std::string device;
  std::string arithmetic;  // and the instructions for it
  double audio_s = 0;
  double load_s = 0;
  double total_s = 0;  // without loading
  double mel_s = 0;
  double encoder_s = 0;
  double cross_kv_s = 0;
  double decode_s = 0;
  double alignment_s = 0;
  int64_t windows = 0;
  int64_t encoder_runs = 0;
  int64_t tokens = 0;
  int64_t decode_steps = 0;
  int64_t guesses = 0;  // tokens checked before they were due
  int64_t right_guesses = 0;
  int64_t fallbacks = 0;
  double peak_memory_mb = 0;          // of the process, 10^6 bytes
  std::vector<ListWork> device_work;  // of an NPU, of all files so far; else empty

  double ms_per_token() const { return tokens > 0 ? decode_s * 1e3 / double(tokens) : 0; }
  // Commands of decode steps for each token that was sampled.
  double commands_per_token() const;
  double realtime_factor() const { return total_s > 0 ? audio_s / total_s : 0; }
};

// Failures: kFailed (the element gave no figures).
Outcome<Profile> profile_of(const std::string& file, const Transcription& run);

std::string table(const Profile& profile);
// An object; several files give one per line.
std::string json(const Profile& profile);

}  // namespace npu::subtitle
