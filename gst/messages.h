// SPDX-License-Identifier: LGPL-2.1-or-later
// Everything the element posts on the bus. Nothing here may be called with a lock held.
#pragma once

#include <gst/gst.h>

#include <string>

#include "result.h"

namespace npu::gst {

// An ERROR message of the domain that fits the code. `doing`: what failed, for people ("Cannot load
// the model").
void post_error(GstElement* element, const char* doing, const Error& error);

// A WARNING message: text goes on on `device`, since another one was lost. `reason`: how, for
// people.
void post_device_lost(GstElement* element, const std::string& device, const std::string& reason);

// A PROGRESS message with the code "load-model".
void post_progress(GstElement* element, GstProgressType type, const std::string& text);

// Element message "npuwhisper/cue" and the signal "cue", both with `cue` (borrowed).
void post_cue(GstElement* element, const GstStructure* cue);

// Element message "npuwhisper/language": language-code and probability.
void post_language(GstElement* element, const std::string& code, double probability);

// Element message "npuwhisper/speech-start" or "npuwhisper/speech-end": running-time and
// stream-time.
void post_speech(GstElement* element, bool begins, GstClockTime running_time,
                 GstClockTime stream_time);

// QOS message: audio of `duration` at `timestamp` (time of `segment`) was dropped. `processed` and
// `dropped` are totals in samples of the input.
struct DroppedAudio {
  GstClockTime timestamp;
  GstClockTime duration;
  guint64 processed;
  guint64 dropped;
};
void post_qos(GstElement* element, const GstSegment& segment, const DroppedAudio& audio);

// WARNING: text came `delay` after its time although only `promised` was answered to the LATENCY
// query.
void post_late(GstElement* element, GstClockTime delay, GstClockTime promised);

}  // namespace npu::gst
