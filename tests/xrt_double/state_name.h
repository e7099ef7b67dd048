// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "xrt_headers.h"

namespace xrt_double {

// A final state as XRT's messages spell it.
inline std::string state_name(ert_cmd_state state) {
  switch (state) {
    case ERT_CMD_STATE_ERROR:
      return "ERT_CMD_STATE_ERROR";
    case ERT_CMD_STATE_ABORT:
      return "ERT_CMD_STATE_ABORT";
    case ERT_CMD_STATE_TIMEOUT:
      return "ERT_CMD_STATE_TIMEOUT";
    case ERT_CMD_STATE_NORESPONSE:
      return "ERT_CMD_STATE_NORESPONSE";
    default:
      return "out of range";
  }
}

}  // namespace xrt_double
