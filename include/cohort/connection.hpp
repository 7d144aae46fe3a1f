// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Everything about connections and pipes.
#pragma once

#include "cohort/connection/connection.hpp"
#include "cohort/connection/pipe.hpp"
