// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Everything that Cohort offers.
#pragma once

#include "cohort/base/bytes.hpp"
#include "cohort/base/deadline.hpp"
#include "cohort/base/error.hpp"
#include "cohort/base/exit_status.hpp"
#include "cohort/base/log.hpp"
#include "cohort/base/optional_int.hpp"
#include "cohort/connection.hpp"
#include "cohort/family/family_memory.hpp"
#include "cohort/pool.hpp"
#include "cohort/process.hpp"
#include "cohort/queue.hpp"
#include "cohort/shared.hpp"
#include "cohort/shlex.hpp"
#include "cohort/subprocess.hpp"
#include "cohort/sync.hpp"
#include "cohort/wait.hpp"
#include "cohort/wire/callable.hpp"
#include "cohort/wire/codec.hpp"
#include "cohort/wire/object.hpp"
#include "cohort/wire/remote_error.hpp"
