// SPDX-License-Identifier: LGPL-2.1-or-later
// The plugin: registers the element with its engine.
#include <gst/gst.h>

#include "debug.h"
#include "engine_whisper.h"
#include "npuwhisper.h"

static gboolean plugin_init(GstPlugin* plugin) {
  npu::gst::init_debug();
  gst_npu_whisper_set_default_engine(npu::gst::whisper_engine());
  return gst_element_register(plugin, "npuwhisper", GST_RANK_NONE, GST_TYPE_NPU_WHISPER);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, npuwhisper,
                  "Speech recognition with Whisper", plugin_init, PACKAGE_VERSION, "LGPL",
                  "npuwhisper", "npuwhisper")
