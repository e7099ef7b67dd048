// SPDX-License-Identifier: LGPL-2.1-or-later
// The npuwhisper element: raw audio in, text out.
#pragma once

#include <gst/gst.h>

#include <memory>

#include "engine.h"

G_BEGIN_DECLS

#define GST_TYPE_NPU_WHISPER (gst_npu_whisper_get_type())
G_DECLARE_FINAL_TYPE(GstNpuWhisper, gst_npu_whisper, GST, NPU_WHISPER, GstElement)

G_END_DECLS

// The engine of elements that are made from now on; the plugin sets Whisper.
void gst_npu_whisper_set_default_engine(std::shared_ptr<npu::gst::Engine> engine);
// The engine of one element, which must be in NULL. For tests.
void gst_npu_whisper_set_engine(GstNpuWhisper* self, std::shared_ptr<npu::gst::Engine> engine);
