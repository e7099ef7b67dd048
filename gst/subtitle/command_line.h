// SPDX-License-Identifier: LGPL-2.1-or-later
// The options of npusubtitle.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "captions/caption.h"
#include "subtitle/container.h"
#include "subtitle/failure.h"

namespace npu::subtitle {

enum class Action { kSubtitle, kProfile, kSelfTest, kShowVersion };

// An option that is a property of the element, passed on as it was typed.
struct ElementSetting {
  std::string option;  // "--max-line", for errors
  std::string property;
  std::string value;
};

// Which audio track; neither: the first.
struct TrackChoice {
  int number = 0;        // from 1
  std::string language;  // as typed: "de", "ger"
};

// A stretch of the medium. ns of the time that a player shows.
struct TimeRange {
  int64_t from_ns = 0;
  std::optional<int64_t> to_ns;

  bool is_whole() const { return from_ns == 0 && !to_ns; }
};

// Unset options leave the element's defaults alone.
struct CommandLine {
  Action action = Action::kSubtitle;
  std::vector<std::string> inputs;  // files and folders as typed, in the file system's encoding
  bool recursive = false;
  unsigned jobs = 1;   // files at once
  std::string output;  // file, folder, or "-" for standard output; empty: beside
  std::vector<captions::CaptionFormat> formats;  // asked for, each once
  bool embed = false;
  bool burn = false;
  std::optional<Container> container;
  int quality = 20;  // of --burn: x264's constant rate factor
  std::string font;  // of --burn: a Pango description; empty: the default
  TrackChoice track;
  TimeRange range;
  bool force = false;
  bool skip_existing = false;
  bool quiet = false;
  bool json = false;  // of --profile
  bool exact = false;
  bool words = false;  // a caption per word
  bool word_timestamps = false;

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
  std::vector<ElementSetting> settings;

  bool writes_video() const { return embed || burn; }
};

// Failures: kUsage, with a hint. --help prints and ends the process with 0. Looks at the file
// system only to see whether --output is a folder.
Outcome<CommandLine> parse_command_line(int argc, char** argv);

}  // namespace npu::subtitle
