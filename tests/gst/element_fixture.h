// SPDX-License-Identifier: LGPL-2.1-or-later
// One npuwhisper element between two pads of the test, on the scripted engine.
#pragma once

#include <gst/audio/audio.h>
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gst_ptr.h"
#include "receiver.h"
#include "scripted_engine.h"

namespace npu::testing {

// A stretch of tone in a test signal, in s of the signal.
struct Burst {
  double start_s;
  double end_s;
};

inline GstClockTime ns(double seconds) {
  return static_cast<GstClockTime>(seconds * 1e9 + 0.5);
}

// A format with the same signal in all channels.
GstAudioInfo audio_format(GstAudioFormat format, int rate, int channels);
// 200 Hz tone during the bursts, silence elsewhere.
gst::BufferPtr make_audio(const GstAudioInfo& info, double seconds,
                          const std::vector<Burst>& bursts);
// Frames from..to of a buffer, with its own memory and time stamp at `pts`.
gst::BufferPtr slice(GstBuffer* audio, const GstAudioInfo& info, guint64 from, guint64 to,
                     GstClockTime pts);

class Element {
 public:
  // Most tests are about times and events, and expect a buffer per burst: they take the engine's
  // segments as they are. `accepted`: caps of the output pad, null for any.
  explicit Element(const char* output_mode = "segments", const char* accepted = nullptr);
  ~Element();
  Element(const Element&) = delete;
  Element& operator=(const Element&) = delete;

  GstElement* get() const { return element_; }
  GstPad* input() const { return input_; }
  Receiver& receiver() { return receiver_; }
  GstPad* output() const { return receiver_.pad(); }
  Script& script() const { return *script_; }

  // What upstream answers to a LATENCY query.
  void set_upstream(bool live, GstClockTime latency = 0);
  void set_state(GstState state);

  bool send(GstEvent* event) { return gst_pad_push_event(input_, event); }
  // STREAM_START, CAPS, SEGMENT.
  void begin(const GstAudioInfo& info);
  void begin(const GstAudioInfo& info, const GstSegment& segment);
  GstFlowReturn push(gst::BufferPtr buffer) { return gst_pad_push(input_, buffer.release()); }
  // The signal in buffers of `frames`, the first at `pts`.
  GstFlowReturn push_audio(const GstAudioInfo& info, GstBuffer* audio, GstClockTime pts,
                           guint64 frames = 4410);
  // EOS, and waits until it comes out.
  void end();
  void flush(bool reset_time = true);

  // Of the receiver on src.
  std::vector<Output> outputs() { return receiver_.outputs(); }
  std::vector<Output> take() { return receiver_.take(); }
  std::vector<Output> cues() { return receiver_.cues(); }
  void wait_for(GstEventType event) { receiver_.wait_for(event); }
  void wait_for_cue() { receiver_.wait_for(GST_EVENT_UNKNOWN); }
  void wait_for_time(GstClockTime end) { receiver_.wait_for_time(end); }

  // Waits for the next message of a type, and drops those before it; null if there is none.
  std::shared_ptr<GstMessage> wait_message(GstMessageType type);
  std::shared_ptr<GstMessage> find_message(GstMessageType type);

 private:
  static gboolean on_query(GstPad* pad, GstObject*, GstQuery* query);

  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  GstElement* element_;
  GstPad* input_;
  GstBus* bus_;
  Receiver receiver_;

  std::mutex mutex_;
  bool live_ = false;
  GstClockTime upstream_latency_ = 0;
};

}  // namespace npu::testing
