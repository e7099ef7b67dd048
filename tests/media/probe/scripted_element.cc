// SPDX-License-Identifier: LGPL-2.1-or-later
// Registration without a plugin file.
#include "scripted_element.h"

#include <gst/gst.h>

#include <fstream>
#include <memory>
#include <utility>

#include "npuwhisper.h"
#include "scripted_engine.h"

namespace npu::testing {

void hide_plugin() {
  g_unsetenv("GST_PLUGIN_PATH");
  const gchar* registry = g_getenv("GST_REGISTRY");
  if (registry) g_setenv("GST_REGISTRY", (std::string(registry) + ".scripted").c_str(), TRUE);
}

bool register_scripted_element(const std::string& texts_file, double window_s) {
  auto script = std::make_shared<Script>();
  script->window_s = window_s;
  if (!texts_file.empty()) {
    std::ifstream file(texts_file);
    for (std::string line; std::getline(file, line);) {
      for (size_t at = line.find("\\n"); at != std::string::npos; at = line.find("\\n", at))
        line.replace(at, 2, "\n");
      script->segment_texts.push_back(" " + line);
    }
    if (script->segment_texts.empty()) return false;
  }
  gst_npu_whisper_set_default_engine(scripted_engine(std::move(script)));
  return gst_element_register(nullptr, "npuwhisper", GST_RANK_NONE, GST_TYPE_NPU_WHISPER);
}

}  // namespace npu::testing
