// SPDX-License-Identifier: LGPL-2.1-or-later
// Ctrl-C as a question that the work asks now and then.
#pragma once

namespace npu::subtitle {

// From now on the first SIGINT, SIGTERM or SIGHUP is only noted, so that nothing half-written
// stays; a second one ends the process at once. A write beyond a limit on file sizes fails, and
// ends nothing.
void watch_interrupts();

// The signal that came, 0 if none did. Any thread.
int interrupted_by();

}  // namespace npu::subtitle
