// SPDX-License-Identifier: LGPL-2.1-or-later
// The options of npusubtitle.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "captions/caption.h"
#include "subtitle/failure.h"

namespace npu::subtitle {

enum class Action { kSubtitle, kProfile, kSelfTest, kShowVersion };

// Unset options leave the element's defaults alone.
struct CommandLine {
  Action action = Action::kSubtitle;
  std::vector<std::string> files;  // as typed, in the file system's encoding
  std::string output;              // file, folder, or "-" for standard output; empty: beside
  std::optional<captions::CaptionFormat> format;
  int track = 0;  // from 1; 0: the first
  bool force = false;
  bool quiet = false;
  bool json = false;  // of --profile
  bool exact = false;

  std::string model;
  std::string device;
  std::optional<int> device_index;
  std::string language;
  std::string task;
  std::optional<int> beam_size;
  std::optional<int> best_of;
  std::optional<double> temperature;
  std::optional<int> threads;
  std::string initial_prompt;
  bool word_timestamps = false;
};

// Failures: kUsage, with a hint. --help prints and ends the process with 0.
Outcome<CommandLine> parse_command_line(int argc, char** argv);

// The format to write: the one asked for, else the one that the output's extension names, else SRT.
captions::CaptionFormat chosen_format(const CommandLine& options);

}  // namespace npu::subtitle
