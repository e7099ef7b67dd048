// SPDX-License-Identifier: LGPL-2.1-or-later
// The engine's log: one callback, which the host program routes where its own log goes.
#pragma once

#include <string_view>

namespace npu {

enum class LogLevel { kError, kWarning, kInfo, kDebug };

// Receives one line without a newline. Called from any thread; must not call back into the engine.
using LogSink = void (*)(LogLevel level, std::string_view line);

// Sets the process-wide sink; nullptr (the default) drops everything. Thread-safe.
void set_log_sink(LogSink sink);

// Hands `line` to the sink, if there is one. Thread-safe.
void log(LogLevel level, std::string_view line);

}  // namespace npu
