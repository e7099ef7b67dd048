// SPDX-License-Identifier: LGPL-2.1-or-later
// Debug categories, and the way of the engine's log into GStreamer's.
#include "debug.h"

#include <mutex>
#include <string_view>

#include "log.h"

GST_DEBUG_CATEGORY(npuwhisper_debug);

namespace npu::gst {
namespace {

GstDebugCategory* engine_debug = nullptr;

GstDebugLevel gst_level(LogLevel level) {
  switch (level) {
    case LogLevel::kError:
      return GST_LEVEL_ERROR;
    case LogLevel::kWarning:
      return GST_LEVEL_WARNING;
    case LogLevel::kInfo:
      return GST_LEVEL_INFO;
    case LogLevel::kDebug:
      break;
  }
  return GST_LEVEL_DEBUG;
}

void log_engine_line(LogLevel level, std::string_view line) {
  GST_CAT_LEVEL_LOG(engine_debug, gst_level(level), nullptr, "%.*s", static_cast<int>(line.size()),
                    line.data());
}

}  // namespace

void init_debug() {
  static std::once_flag once;
  std::call_once(once, [] {
    GST_DEBUG_CATEGORY_INIT(npuwhisper_debug, "npuwhisper", 0, "Whisper speech recognition");
    GST_DEBUG_CATEGORY_INIT(engine_debug, "npu", 0, "Whisper engine");
    set_log_sink(log_engine_line);
  });
}

}  // namespace npu::gst
