// SPDX-License-Identifier: LGPL-2.1-or-later
// A module of another npuwhisper.
extern "C" __attribute__((visibility("default"))) const char* npuwhisper_xrt_version() {
  return "0.0.0-other";
}
