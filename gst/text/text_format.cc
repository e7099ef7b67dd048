// SPDX-License-Identifier: LGPL-2.1-or-later
// Caps and bytes of text buffers.
#include "text/text_format.h"

#include "text/cue_json.h"

namespace npu::gst {

CapsPtr caps_of(TextFormat format) {
  CapsPtr all(gst_caps_from_string(kTextCaps));
  return CapsPtr(gst_caps_copy_nth(all.get(), static_cast<guint>(format)));
}

TextFormat choose_format(const GstCaps* accepted, TextFormat current) {
  for (const TextFormat format :
       {current, TextFormat::kUtf8, TextFormat::kMarkup, TextFormat::kJson})
    if (gst_caps_can_intersect(caps_of(format).get(), accepted)) return format;
  return TextFormat::kUtf8;
}

std::string render(const TextCue& cue, const std::string& language, TextFormat format) {
  switch (format) {
    case TextFormat::kMarkup:
      return CharPtr(g_markup_escape_text(cue.text.c_str(), -1)).get();
    case TextFormat::kJson:
      return cue_json(cue, language);
    case TextFormat::kUtf8:
      break;
  }
  return cue.text;
}

}  // namespace npu::gst
