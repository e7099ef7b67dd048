// SPDX-License-Identifier: LGPL-2.1-or-later
// Tells people how far the work is: a bar on a terminal, a line now and then elsewhere.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace npu::subtitle {

// How far one file is.
struct ProgressState {
  double position_s = 0;   // of the medium, up to which the text is settled
  double duration_s = -1;  // of the medium; < 0: not known
  double elapsed_s = 0;    // since the first audio came
};

// "1:02:03" or "2:03". Negative and huge values count as 0.
std::string clock_text(double seconds);

// One line of at most `columns` characters, with a bar if it fits; 0: no limit and no bar.
// " 42 % [####------] 2:06 / 5:00  15.2x  11 s left".
std::string progress_line(const ProgressState& state, int columns);

// Where the lines go, a text without meaning of its own at a time.
using TextSink = std::function<void(std::string_view)>;

// One thread.
class Progress {
 public:
  // terminal: columns > 0; plain lines otherwise. `quiet` prints nothing at all.
  Progress(TextSink sink, int columns, bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Shows `state`: on a terminal at every call, in plain text at every tenth of the duration, or
  // every ten minutes of it if that is not known.
  void update(const ProgressState& state);
  // Shows a short text where the bar is, until the next update: "loading the model".
  void status(std::string_view text);
  // Prints a line that stays.
  void line(std::string_view text);
  // Takes the bar away and begins at 0 with the next file.
  void clear();

 private:
  void draw(std::string_view text);

  const TextSink sink_;
  const int columns_;
  const bool quiet_;
  bool drawn_ = false;
  int shown_steps_ = 0;
};

}  // namespace npu::subtitle
