// SPDX-License-Identifier: LGPL-2.1-or-later
#include "log.h"

#include <atomic>

namespace npu {
namespace {
std::atomic<LogSink> g_sink{nullptr};
}

void set_log_sink(LogSink sink) {
  g_sink.store(sink);
}

void log(LogLevel level, std::string_view line) {
  if (LogSink sink = g_sink.load()) sink(level, line);
}

}  // namespace npu
