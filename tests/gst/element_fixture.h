// SPDX-License-Identifier: LGPL-2.1-or-later
// One npuwhisper element between two pads of the test, on the scripted engine.
#pragma once

#include <gst/audio/audio.h>
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gst_ptr.h"
#include "scripted_engine.h"

namespace npu::testing {

// What left the element, in order.
struct Output {
  GstEventType event = GST_EVENT_UNKNOWN;  // UNKNOWN: a buffer
  GstClockTime pts = GST_CLOCK_TIME_NONE;  // of buffers and gaps
  GstClockTime duration = GST_CLOCK_TIME_NONE;
  std::string text;
  bool discont = false;
  std::shared_ptr<GstEvent> raw;
  std::shared_ptr<GstStructure> cue;  // of a buffer's meta

  bool is_cue() const { return event == GST_EVENT_UNKNOWN; }
};

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
  GstPad* output() const { return output_; }
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

  // Everything that came out so far; and what came since the last call of take().
  std::vector<Output> outputs();
  std::vector<Output> take();
  std::vector<Output> cues();
  // Waits until something of that kind has come out since take().
  void wait_for(GstEventType event);
  void wait_for_cue() { wait_for(GST_EVENT_UNKNOWN); }

  // The output pad accepts other caps from now on, and says so.
  void set_accepted(const char* caps);
  // What the output pad returns to buffers.
  void set_flow(GstFlowReturn flow);

  // Waits for the next message of a type, and drops those before it; null if there is none.
  std::shared_ptr<GstMessage> wait_message(GstMessageType type);
  std::shared_ptr<GstMessage> find_message(GstMessageType type);

 private:
  static GstFlowReturn on_buffer(GstPad* pad, GstObject*, GstBuffer* buffer);
  static gboolean on_event(GstPad* pad, GstObject*, GstEvent* event);
  static gboolean on_query(GstPad* pad, GstObject*, GstQuery* query);
  static gboolean on_output_query(GstPad* pad, GstObject*, GstQuery* query);
  static Element* of(GstPad* pad);
  void add(Output output);

  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  GstElement* element_;
  GstPad* input_;
  GstPad* output_;
  GstBus* bus_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Output> outputs_;
  GstFlowReturn flow_ = GST_FLOW_OK;
  gst::CapsPtr accepted_;
  bool live_ = false;
  GstClockTime upstream_latency_ = 0;
};

}  // namespace npu::testing
