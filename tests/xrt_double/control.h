// SPDX-License-Identifier: LGPL-2.1-or-later
// How tests direct the double and ask what it saw. Thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "executor.h"

#define XRT_DOUBLE_API __attribute__((visibility("default")))

namespace xrt_double {

// The machine that the double plays. README.md lists the environment variables with these meanings.
struct Scene {
  unsigned devices = 1;
  std::string name = "RyzenAI-npu1";  // what xrt::info::device::name gives
  unsigned contexts = 6;              // how many the device has; each process sees only its own
  std::string faults;                 // a fault plan (README.md); empty: none
  size_t xclbin_bytes = SIZE_MAX;     // xclbins are read up to here only
  std::chrono::milliseconds watchdog{2000};
  bool strict = false;  // a violation ends the process
};

// The environment's scene. Throws std::invalid_argument for a value that cannot be.
XRT_DOUBLE_API Scene environment_scene();

// Begins anew: counters, violations, faults, losses. `executor` null: the default one. No object of
// XRT may be alive. Throws std::invalid_argument for a fault plan that cannot be read.
XRT_DOUBLE_API void set_up(const Scene& scene, std::shared_ptr<Executor> executor = nullptr);

// What the program under test did against the rules since set_up(), oldest first, and forgets it.
XRT_DOUBLE_API std::vector<std::string> take_violations();

// From now on commands stop before they execute, until release(). wait_until_held() returns when
// one has.
XRT_DOUBLE_API void hold();
XRT_DOUBLE_API void wait_until_held();
XRT_DOUBLE_API void release();

// Waits until a call blocks since four submissions of its context are under way.
XRT_DOUBLE_API void wait_until_blocked();

// The device goes: all later calls fail, and what runs is aborted.
XRT_DOUBLE_API void vanish();

// How often a call was made since set_up(), by its name in fault plans.
XRT_DOUBLE_API size_t calls(const std::string& name);

// Contexts in use now.
XRT_DOUBLE_API size_t contexts();

// What the device holds in each buffer of so many bytes, oldest first. No command may be under way.
XRT_DOUBLE_API std::vector<std::vector<std::byte>> device_copies(size_t bytes);

}  // namespace xrt_double
