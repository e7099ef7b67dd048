// SPDX-License-Identifier: LGPL-2.1-or-later
// A player with generated captions in its picture, and what it showed.
#pragma once

#include <gst/gst.h>
#include <gst/video/video.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "gst_ptr.h"

namespace npu::testing {

// Stream times in ns.
struct ShownCue {
  GstClockTime start;
  GstClockTime end;
  std::string text;
  bool operator==(const ShownCue&) const = default;
};

struct ShownFrame {
  GstClockTime start;
  GstClockTime end;
  int bright;  // pixels of text, bright_pixels.h
};

// filesrc ! qtdemux; the picture through textoverlay to a sink, the sound through a tee to a
// sink and to npuwhisper, whose text goes into the picture. Sinks keep time if `synchronised`.
class Player {
 public:
  // `whisper`: properties of npuwhisper, as in a launch line.
  Player(const std::string& file, const std::string& whisper, bool synchronised);
  ~Player();
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;

  GstStateChangeReturn set_state(GstState state);
  // Waits until a state change or a seek is done; false on an error or after a minute.
  bool settle();
  // Waits for the end of the stream; false on an error or after a minute.
  bool finish();
  // A flushing, accurate seek. An end of the stream of before it does not count.
  bool seek(GstClockTime start, GstClockTime stop = GST_CLOCK_TIME_NONE);
  // Waits until `count` frames have been shown since the last flush.
  void wait_for_frames(size_t count);

  // Since the last flush: what came out of npuwhisper, and the pictures, the one of a
  // paused player too.
  std::vector<ShownCue> cues();
  std::vector<ShownFrame> frames();
  GstClockTime position();
  std::string error() const { return error_; }

 private:
  static GstPadProbeReturn on_text(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn on_flush(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static void on_frame(GstElement*, GstBuffer* buffer, GstPad* pad, gpointer self);
  void forget_messages();

  gst::ObjectPtr<GstElement> pipeline_;
  gst::ObjectPtr<GstBus> bus_;
  std::mutex mutex_;
  std::condition_variable changed_;
  GstSegment text_segment_;         // guarded by mutex_
  std::vector<ShownCue> cues_;      // guarded by mutex_
  std::vector<ShownFrame> frames_;  // guarded by mutex_
  std::string error_;
};

}  // namespace npu::testing
