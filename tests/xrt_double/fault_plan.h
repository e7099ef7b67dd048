// SPDX-License-Identifier: LGPL-2.1-or-later
// Which calls fail, and how: "start@3=vanish; command@2-4=error; context@1+=exhausted".
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xrt_double {

// What is counted. The names are in kCallNames.
enum class Call {
  kEnumerate,
  kDevice,
  kInfo,
  kXclbin,
  kRegister,
  kContext,
  kKernel,
  kGroupId,
  kBuffer,
  kSubBuffer,
  kMap,
  kSync,
  kRun,
  kSetArg,
  kStart,
  kWait,
  kRunlist,
  kAdd,
  kExecute,
  kListWait,
  kReset,
  kCommand,  // not a call: a command that the device begins, alone or in a runlist
};
inline constexpr std::array<std::string_view, 22> kCallNames = {
    "enumerate", "device",     "info",    "xclbin",    "register", "context", "kernel", "group_id",
    "buffer",    "sub_buffer", "map",     "sync",      "run",      "set_arg", "start",  "wait",
    "runlist",   "add",        "execute", "list_wait", "reset",    "command"};

enum class Effect {
  kFail,        // throws; the text may be given
  kVanish,      // the device goes, before the call
  kWedge,       // this and every later call fails with EIO
  kExhausted,   // context: none left
  kIgnore,      // sync: moves nothing and says nothing, as if it had been forgotten
  kError,       // command: ends in ERROR (5)
  kAbort,       // command: ends in ABORT (6)
  kTimeout,     // command: ends in TIMEOUT (8) at once, as if the watchdog had fired
  kNoResponse,  // command: ends in NORESPONSE (9)
  kHang,        // command: ends in TIMEOUT when the watchdog fires
  kSlow,        // command: takes the time given; beyond the watchdog it is a hang
};

struct Fault {
  Call call;
  size_t first, last;  // counted from 1
  Effect effect;
  std::string text;                   // kFail
  std::chrono::milliseconds time{0};  // kSlow
};

// Throws std::invalid_argument, naming what cannot be read.
std::vector<Fault> parse_faults(std::string_view plan);
// Likewise, for a name that is none.
Call call_of(std::string_view name);

}  // namespace xrt_double
