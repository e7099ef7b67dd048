// SPDX-License-Identifier: LGPL-2.1-or-later
// What leaves a source pad: its own stream, segment and tags, cues, and gaps between them.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gst_ptr.h"
#include "text/cue_former.h"
#include "text/cue_track.h"
#include "text/output_queue.h"

namespace npu::gst {

enum class OutputWay { kBuffers, kEvents, kBoth };

// How text leaves, the same for all pads of an element.
struct OutputSettings {
  OutputMode mode = OutputMode::kCues;
  OutputWay way = OutputWay::kBuffers;
  captions::CueShape shape;
};

// Turns decisions of the worker into items of a pad's queue, in the order that downstream needs:
// stream-start, segment, tags before the first gap or cue. All times are stream time, ns.
//
// The methods that return bool return false when the queue takes nothing any more (flush, stop).
// They may wait for room in it. Worker thread only.
class TextOutput {
 public:
  TextOutput(GstElement* element, GstPad* pad, OutputQueue& queue)
      : element_(element), pad_(pad), queue_(queue) {}

  // Forgets everything, as before a start.
  void restart(const OutputSettings& settings);

  // Begins a stream; `input` is the audio's STREAM_START, or null if it sent none. The stream of
  // src is named as the audio's with "/text" behind it, that of another pad with its own name.
  bool stream_start(GstEvent* input);
  // Begins `segment`, as text_segment() made it, at `position_ns`.
  bool segment(const GstSegment& segment, guint32 seqnum, int64_t position_ns);
  // From now on text is in this language ("und": not known). What is left comes out first.
  bool language(const std::string& tag);
  // Hands an event on in its place.
  bool pass(EventPtr event);

  // The engine's next segment.
  bool spoken(const SpokenSegment& segment);
  // Nothing begins before `until_ns` any more: gaps up to there, or to the first word that still
  // waits for the rest of its cue.
  bool decided(int64_t until_ns);
  // No word waits any longer. `next_ns`: where the next one may begin, so that the last cue ends
  // before it; without, nothing follows.
  bool settle(std::optional<int64_t> next_ns);
  // The speaker has finished: "rstranscribe/final-transcript", if anything was said since the last.
  bool end_utterance();
  // A gap wherever it is: for segments that do not run forward.
  bool lone_gap(const Stretch& where);
  bool eos(guint32 seqnum);

  // The next cue is the first after a break of the stream.
  void discontinuity() { discont_ = true; }
  // Forgets the segment and what is left, as after a flush.
  void flush();

 private:
  // A pause in the text that ends an utterance.
  static constexpr int64_t kUtterancePause_ns = 1'000'000'000;

  bool ensure_stream();
  std::string stream_id(GstEvent* input) const;
  bool tags();
  bool emit(std::vector<TextCue> cues, int64_t limit_ns = std::numeric_limits<int64_t>::max());
  bool emit(TextCue cue);
  bool gaps_to(int64_t until_ns);
  bool push_gaps(int64_t until_ns);

  GstElement* const element_;
  GstPad* const pad_;
  OutputQueue& queue_;

  OutputSettings settings_;
  std::unique_ptr<CueFormer> former_;
  CueTrack track_;
  GstSegment segment_{};    // of the text: start and time are the audio's stream time
  int64_t decided_ns_ = 0;  // as far as the engine is
  int64_t said_ns_ = 0;     // end of the last cue
  bool in_utterance_ = false;
  std::string language_ = "und";
  std::string tagged_;  // what the last TAG said; empty: none yet in this stream
  bool stream_started_ = false;
  bool discont_ = true;
};

// Whether a segment plays forward and without tricks, so that its audio is speech to be heard.
bool is_plain(const GstSegment& segment);

// The text segment for an audio segment, shown `lateness_ns` later. For a plain one the running
// times are the same but time stamps are stream time, since subtitle files are written by time
// stamp; others stay as they are.
GstSegment text_segment(const GstSegment& input, GstClockTime lateness_ns);

}  // namespace npu::gst
