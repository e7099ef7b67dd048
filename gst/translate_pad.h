// SPDX-License-Identifier: LGPL-2.1-or-later
// The request pads translate_src_%u: source pads with a property language-code.
#pragma once

#include <gst/gst.h>

#include <string>

#include "result.h"

G_BEGIN_DECLS

#define GST_TYPE_NPU_WHISPER_TRANSLATE_PAD (gst_npu_whisper_translate_pad_get_type())
G_DECLARE_FINAL_TYPE(GstNpuWhisperTranslatePad, gst_npu_whisper_translate_pad, GST,
                     NPU_WHISPER_TRANSLATE_PAD, GstPad)

G_END_DECLS

namespace npu::gst {

// Whisper translates to English only. Errors: kInvalidArgument, if the pad's language-code is not a
// tag of English ("en", "en-US"). Any thread.
Result<void> check_translate_pad(GstPad* pad);

}  // namespace npu::gst
