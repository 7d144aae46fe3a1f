// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// All of cohort::subprocess: running other programs. Python: the module subprocess.
//
//   namespace sp = cohort::subprocess;
//   auto done = sp::run({"ls", "-l", dir}, {.capture_output = true, .timeout = 10s, .check = true});
#pragma once

#include "cohort/subprocess/async.hpp"
#include "cohort/subprocess/command.hpp"
#include "cohort/subprocess/options.hpp"
#include "cohort/subprocess/pipe_stream.hpp"
#include "cohort/subprocess/pipeline.hpp"
#include "cohort/subprocess/popen.hpp"
#include "cohort/subprocess/result.hpp"
#include "cohort/subprocess/run.hpp"
#include "cohort/subprocess/shell.hpp"
#include "cohort/subprocess/text.hpp"
