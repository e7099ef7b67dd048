// SPDX-License-Identifier: LGPL-2.1-or-later
// The formats of text buffers: their caps, and what a cue looks like in each.
#pragma once

#include <gst/gst.h>

#include <string>

#include "gst_ptr.h"
#include "text/cue.h"

namespace npu::gst {

// In the order of preference.
enum class TextFormat { kUtf8, kMarkup, kJson };

// Caps of all formats, the preferred first: what the pad templates say.
inline constexpr const char* kTextCaps =
    "text/x-raw, format = (string) utf8; "
    "text/x-raw, format = (string) pango-markup; "
    "application/x-json, format = (string) npuwhisper-cue";

CapsPtr caps_of(TextFormat format);

// The first format that `accepted` takes; `current` if it is taken. kUtf8 if none is: downstream
// then refuses it with an error of its own.
TextFormat choose_format(const GstCaps* accepted, TextFormat current);

// The bytes of a buffer: plain text, text with &, <, >, " and ' escaped, or cue_json().
std::string render(const TextCue& cue, const std::string& language, TextFormat format);

}  // namespace npu::gst
