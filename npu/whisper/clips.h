// SPDX-License-Identifier: LGPL-2.1-or-later
// Which frames of the input are to be transcribed, and where the next window begins.
// Source: openai/whisper:whisper/transcribe.py, seek_clips. Ends beyond the audio are cut to it.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "whisper/options.h"

namespace npu {

class Clips {
 public:
  // Frames from `start` to `end`; `end` is unknown (the largest int) while the input goes on.
  struct Window {
    int start;
    int clip_end;
    size_t clip;  // which of the clips, in their order
  };

  // No clips: one from the start of the input to its end.
  explicit Clips(std::span<const Clip> clips);

  // The next window, with `content` frames of input (the largest int while it goes on); nothing if
  // all clips are done. Skips clips that are done.
  std::optional<Window> next(int content);
  // Goes on at `frame`, within the clip or beyond its end.
  void seek(int frame) { seek_ = frame; }
  int position() const { return seek_; }
  void reset();
  // The first frame that a window may still ask for. Clips may come in any order, and overlap.
  int first_needed() const { return first_needed(seek_); }
  // The same if the current clip went on at `seek`.
  int first_needed(int seek) const;
  // Index of the current clip; their number if all are done.
  size_t current() const { return current_; }

 private:
  struct Range {
    int start;
    int end;
  };
  std::vector<Range> ranges_;
  size_t current_ = 0;
  int seek_ = 0;
};

}  // namespace npu
