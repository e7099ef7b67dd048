// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/interrupt.h"

#include <csignal>
#include <initializer_list>

namespace npu::subtitle {
namespace {

volatile std::sig_atomic_t g_signal = 0;

void note(int signal) {
  g_signal = signal;
}

}  // namespace

void watch_interrupts() {
  struct sigaction action {};
  action.sa_handler = note;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
  // A limit on file sizes is an error of the write that meets it.
  std::signal(SIGXFSZ, SIG_IGN);
}

int interrupted_by() {
  return g_signal;
}

}  // namespace npu::subtitle
