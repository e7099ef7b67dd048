// SPDX-License-Identifier: LGPL-2.1-or-later
// What leaves the element: its own stream, caps, segment and tags, cues as buffers, gaps as events.
#pragma once

#include <gst/gst.h>

#include <string>

#include "cue_track.h"
#include "gst_ptr.h"
#include "output_queue.h"
#include "whisper/options.h"
#include "whisper/segment.h"

namespace npu::gst {

// Turns decisions of the worker into items of the output queue, in the order that downstream needs:
// stream-start, caps, segment, tags before the first gap or cue. All times are stream time, ns.
//
// The methods return false when the queue takes nothing any more (flush, stop). They may wait for
// room in it. Worker thread only.
class TextOutput {
 public:
  TextOutput(GstElement* element, GstPad* pad, OutputQueue& queue)
      : element_(element), pad_(pad), queue_(queue) {}

  // Begins a stream; `input` is the audio's STREAM_START, or null if it sent none.
  bool stream_start(GstEvent* input);
  // Announces the text format, once per stream.
  bool caps();
  // Begins `segment`, as text_segment() made it.
  bool segment(const GstSegment& segment, guint32 seqnum);
  // From now on text is in this language ("und": not known).
  void language(const std::string& tag) { language_ = tag; }
  // Hands an event on in its place.
  bool pass(EventPtr event);

  // A cue from start_ns to end_ns, clamped behind what has been said. Text that is empty after
  // cleaning gives nothing.
  bool cue(const Segment& segment, int64_t start_ns, int64_t end_ns);
  // Nothing begins before `until_ns` any more: gaps up to there.
  bool decided(int64_t until_ns);
  // A gap wherever it is: for segments that do not run forward.
  bool lone_gap(const Stretch& where);
  bool eos(guint32 seqnum);

  // The next cue is the first after a break of the stream.
  void discontinuity() { discont_ = true; }
  // Forgets the segment, as after a flush.
  void flush();
  // Forgets everything, as before a start.
  void restart();

 private:
  bool ensure_stream();
  std::string stream_id(GstEvent* input) const;
  bool tags();

  GstElement* const element_;
  GstPad* const pad_;
  OutputQueue& queue_;

  CueTrack track_;
  GstSegment segment_{};  // of the text: start and time are the audio's stream time
  std::string language_ = "und";
  std::string tagged_;  // what the last TAG said; empty: none yet in this stream
  bool stream_started_ = false;
  bool caps_sent_ = false;
  bool discont_ = true;
};

// Whether a segment plays forward and without tricks, so that its audio is speech to be heard.
bool is_plain(const GstSegment& segment);

// The text segment for an audio segment, shown `lateness_ns` later. For a plain one the running
// times are the same but time stamps are stream time, since subtitle files are written by time
// stamp; others stay as they are.
GstSegment text_segment(const GstSegment& input, GstClockTime lateness_ns);

}  // namespace npu::gst
