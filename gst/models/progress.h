// SPDX-License-Identifier: LGPL-2.1-or-later
// What people see while files come or speech is heard: a bar on a terminal, plain lines elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace npu::models {

// One line of at most `columns` characters, or of any length and without a bar if that is 0:
// "model.bin  43 % [####------]  62.4 MB of 145 MB  12.1 MB/s  0:07 left".
// `bytes_per_s` <= 0: not known yet.
std::string meter_line(std::string_view label, uint64_t done_bytes, uint64_t total_bytes,
                       double bytes_per_s, int columns);

// The same of speech, in seconds: "base: hearing  43 % [####------]  1:43 of 4:00  0:51 left".
std::string speech_line(std::string_view label, uint64_t done_s, uint64_t total_s,
                        double seconds_per_s, int columns);

// "1:43", "1:00:05".
std::string clock_text(uint64_t seconds);

// Columns of a line on the terminal that `out` is; 0 if it is none.
int terminal_columns(FILE* out);

// One thread.
class Progress {
 public:
  // `columns` > 0: `out` is a terminal of that width. Otherwise a line at the beginning of each
  // file and at each quarter of a large one. `quiet`: neither.
  Progress(FILE* out, int columns, bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // A line that stays. Also printed if quiet.
  void line(std::string_view text);
  // Begins a file, or another kind of work on it, of which `done_bytes` are done already.
  void begin(std::string_view label, uint64_t total_bytes, uint64_t done_bytes);
  // Begins to hear speech; update() then counts seconds. Plain lines tell all quarters.
  void begin_speech(std::string_view label, uint64_t total_s);
  // Begins work of which nobody knows how much there is.
  void begin_work(std::string_view label);
  void update(uint64_t done_bytes);
  // Takes the bar away.
  void end();

 private:
  using Clock = std::chrono::steady_clock;

  void draw(std::string_view text);
  void reset(std::string_view label, uint64_t total, uint64_t done, bool speech);
  std::string meter(uint64_t done) const;
  void measure(uint64_t done_bytes, Clock::time_point now);

  FILE* out_;
  int columns_;
  bool quiet_;
  std::string label_;
  uint64_t total_bytes_ = 0;
  uint64_t measured_bytes_ = 0;  // at measured_at_
  Clock::time_point measured_at_;
  Clock::time_point drawn_at_;
  double bytes_per_s_ = 0;
  uint64_t quarters_ = 0;
  bool speech_ = false;
  bool drawn_ = false;
};

}  // namespace npu::models
