// SPDX-License-Identifier: LGPL-2.1-or-later
// A cue as GStreamer carries it beside the text: the structure "npuwhisper/cue" of messages,
// signals, events and metas. docs/elements.md describes its fields.
#pragma once

#include <gst/gst.h>

#include <string>

#include "gst_ptr.h"
#include "text/cue.h"

namespace npu::gst {

struct CuePlace {
  GstClockTime running_time;
  const std::string& language;  // as the language tag has it
  const char* pad;              // name of the source pad
};

// All fields. Word times are relative to the cue's start, so that they hold in every time.
StructurePtr make_cue_structure(const TextCue& cue, const CuePlace& place);

// The meta of text buffers: a GstCustomMeta with one field, `cue`, which holds the structure.
// Registers it, once per process; any thread.
void register_cue_meta();
void add_cue_meta(GstBuffer* buffer, const GstStructure* cue);

}  // namespace npu::gst
