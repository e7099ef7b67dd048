// SPDX-License-Identifier: LGPL-2.1-or-later
// A library with the name of XRT's and none of its symbols, as one that is too old.
extern "C" __attribute__((visibility("default"))) int npuwhisper_test_old_xrt() {
  return 0;
}
