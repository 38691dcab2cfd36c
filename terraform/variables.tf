# --- names ---

variable "name" {
  description = "Name of the table's installation. Everything that is created is named after it."
  type        = string
  default     = "events"
  nullable    = false

  validation {
    # The longest name that is made of it is a bucket's: 63 characters, of which the zone and the account take 21.
    condition     = can(regex("^[a-z][a-z0-9-]{0,38}[a-z0-9]$", var.name))
    error_message = "The name must be 2 to 40 lower-case letters, digits and hyphens, begin with a letter and not end with a hyphen."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of a policy that bounds what the roles of the function, the schedule and the workflow may do, for accounts in which roles are made with one only."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary_arn))
    error_message = "The boundary is named by the ARN of a policy."
  }
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  default     = {}
  nullable    = false
}

# --- buckets ---

variable "create_buckets" {
  description = "Whether the module creates the buckets of the zones. Buckets that exist already keep their own encryption, versioning, lifecycle and policy."
  type        = bool
  default     = true
  nullable    = false
}

variable "bucket_names" {
  description = "Name of the bucket of each zone. The default is the module's name, the zone and the account."
  type = object({
    landing = optional(string)
    stage   = optional(string)
    trusted = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for name in values(var.bucket_names) : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", name)) if name != null
    ])
    error_message = "A bucket's name is 3 to 63 lower-case letters, digits, hyphens and dots, with a letter or digit at both ends."
  }

  validation {
    condition     = var.create_buckets || alltrue([for name in values(var.bucket_names) : name != null])
    error_message = "Without create_buckets, name the buckets of all three zones."
  }

  validation {
    condition     = length(distinct(compact(values(var.bucket_names)))) == length(compact(values(var.bucket_names)))
    error_message = "Each zone has a bucket of its own."
  }
}

variable "write_once_inputs" {
  description = "Whether S3 refuses to put an input under a name that is taken. Producers then put with the header `If-None-Match: *`, and what puts without it is refused as well, copies and most tools included. Only for buckets that the module creates."
  type        = bool
  default     = false
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts buckets, queues, the topic and query results. Without it each service encrypts with keys of its own. The key's policy must let the account's IAM policies decide, and allow what the output `key_policy_statements` lists."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "The key is named by its ARN, not by an alias: policies match the key itself."
  }
}

variable "stage_retention_days" {
  description = "Days after which S3 erases what failed runs left in the stage zone. It must be longer than a parsed stage waits for `distribute`."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.stage_retention_days >= 1 && floor(var.stage_retention_days) == var.stage_retention_days
    error_message = "The retention is a whole number of days, at least 1."
  }
}

variable "noncurrent_retention_days" {
  description = "Days for which S3 keeps what was overwritten or deleted in the landing and trusted zones. Old versions of moved inputs are gone after `pending_retention_days`, when that is sooner."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.noncurrent_retention_days >= 1 && floor(var.noncurrent_retention_days) == var.noncurrent_retention_days
    error_message = "The retention is a whole number of days, at least 1."
  }
}

variable "pending_retention_days" {
  description = "Days for which S3 keeps old versions of inputs in pending: each input is paid for twice for that long, because moving it leaves one behind, and its marker, which listings step over. It is also how long a deletion in pending can be taken back."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.pending_retention_days >= 1 && floor(var.pending_retention_days) == var.pending_retention_days
    error_message = "The retention is a whole number of days, at least 1."
  }
}

# --- function ---

variable "lambda_zip" {
  description = "Path of the zip with the executable `bootstrap` of events-lambda for arm64."
  type        = string
  nullable    = false

  validation {
    condition     = fileexists(var.lambda_zip)
    error_message = "There is no file of that path."
  }
}

variable "memory_mb" {
  description = "Memory of the function in MB. Processors come with it: one for each 1769."
  type        = number
  default     = 1769
  nullable    = false

  validation {
    condition     = var.memory_mb >= 256 && var.memory_mb <= 10240 && floor(var.memory_mb) == var.memory_mb
    error_message = "The memory is a whole number of MB from 256 to 10240."
  }
}

variable "timeout_seconds" {
  description = "Seconds after which Lambda ends an invocation. A run stops itself a little earlier and leaves nothing behind."
  type        = number
  default     = 900
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 10 && var.timeout_seconds <= 900 && floor(var.timeout_seconds) == var.timeout_seconds
    error_message = "The time limit is a whole number of seconds from 10 to 900."
  }
}

variable "scratch_mb" {
  description = "Disk of the function in MB, for rows that its memory has no room for. Rows take about as much as their uncompressed text."
  type        = number
  default     = 2048
  nullable    = false

  validation {
    condition     = var.scratch_mb >= 512 && var.scratch_mb <= 10240 && floor(var.scratch_mb) == var.scratch_mb
    error_message = "The disk is a whole number of MB from 512 to 10240."
  }
}

variable "reserved_concurrency" {
  description = "Invocations that may run at once. A table has one writer at a time: the second of the default is there to be told at once that the table is busy, and more are for the items of a run over many invocations (`scale_out`). -1 reserves nothing, for accounts whose quota allows no reservation."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.reserved_concurrency == -1 || var.reserved_concurrency >= 1 && floor(var.reserved_concurrency) == var.reserved_concurrency
    error_message = "The concurrency is a whole number of invocations, at least 1, or -1 for no reservation."
  }

  validation {
    condition     = var.reserved_concurrency != 1 || !local.has_queue
    error_message = "The queue invokes the function twice at once, the least that there is: reserve 2 or more, or -1 for none."
  }
}

variable "input_bytes_max" {
  description = "Bytes of inputs that a run takes at most; the others wait for the next. Without it, as much as fits into the time of an invocation, and everything in a run over many invocations."
  type        = number
  default     = null

  validation {
    condition     = var.input_bytes_max == null || try(var.input_bytes_max >= 1 && floor(var.input_bytes_max) == var.input_bytes_max, false)
    error_message = "The size is a whole number of bytes, at least 1."
  }
}

variable "memory_budget_bytes" {
  description = "Bytes that rows and keys may take in memory. Without it, half of the function's memory."
  type        = number
  default     = null

  validation {
    condition     = var.memory_budget_bytes == null || try(var.memory_budget_bytes >= 8388608 && floor(var.memory_budget_bytes) == var.memory_budget_bytes, false)
    error_message = "The budget is a whole number of bytes, at least 8 MiB."
  }
}

variable "threads" {
  description = "Threads that compute. Without it, as many as the function has processors."
  type        = number
  default     = null

  validation {
    condition     = var.threads == null || try(var.threads >= 1 && var.threads <= 1024 && floor(var.threads) == var.threads, false)
    error_message = "Threads are a whole number from 1 to 1024."
  }
}

variable "compression" {
  description = "Compression of the table's files: zstd, zstd:1 to zstd:22, snappy, lz4 or none. Without it, zstd."
  type        = string
  default     = null

  validation {
    condition     = var.compression == null || can(regex("^(zstd(:([1-9]|1[0-9]|2[0-2]))?|snappy|lz4|none)$", var.compression))
    error_message = "The compression is one of zstd, zstd:1 to zstd:22, snappy, lz4 and none."
  }
}

variable "repair" {
  description = "How far damaged records are mended: strict, framing, lenient or guess. Without it, lenient."
  type        = string
  default     = null

  validation {
    condition     = var.repair == null || can(regex("^(strict|framing|lenient|guess)$", var.repair))
    error_message = "The level of repair is one of strict, framing, lenient and guess."
  }
}

variable "dedup_horizon_days" {
  description = "Days before and after its own that an event is held against others of its id: one that comes again further away is a second row. 0 is its own partition only. The table keeps the least that it was told, and runs with more fail. Without it, that of the table, or else everything the table ever took."
  type        = number
  default     = null

  validation {
    condition     = var.dedup_horizon_days == null || try(var.dedup_horizon_days >= 0 && floor(var.dedup_horizon_days) == var.dedup_horizon_days, false)
    error_message = "The horizon is a whole number of days, at least 0."
  }
}

variable "fold_below_bytes" {
  description = "Bytes below which a file gets the new rows of its partition, instead of another file beside it. 0 makes a file of its own for each run. Without it, 64 MiB."
  type        = number
  default     = null

  validation {
    condition     = var.fold_below_bytes == null || try(var.fold_below_bytes >= 0 && floor(var.fold_below_bytes) == var.fold_below_bytes, false)
    error_message = "The size is a whole number of bytes, at least 0."
  }
}

variable "reader_grace_seconds" {
  description = "Seconds that a commit in which rows move waits before they leave their old places, longer than a reader's longest scan and much shorter than `timeout_seconds`: then a reader never misses an event that it has seen. Without it, 0."
  type        = number
  default     = null

  validation {
    condition     = var.reader_grace_seconds == null || try(var.reader_grace_seconds >= 0 && var.reader_grace_seconds <= 600, false)
    error_message = "The grace is a number of seconds from 0 to 600."
  }

  validation {
    # A run is stopped ten seconds and twice the grace before its function ends. What is left is for the run.
    condition     = var.reader_grace_seconds == null || try(var.reader_grace_seconds == 0 || 2 * var.reader_grace_seconds <= var.timeout_seconds - 30, false)
    error_message = "A commit may wait for the grace twice, so twice the grace is at most timeout_seconds less 30: else no run would have time to commit."
  }
}

variable "log_retention_days" {
  description = "Days for which the log of the function is kept."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "CloudWatch has these retentions only: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653."
  }
}

# --- what starts runs ---

variable "enabled" {
  description = "Whether the queue and the schedule start runs. With false notifications wait in the queue, for 14 days, and inputs for ever; people and the workflow start runs all the same. A stop by hand is undone by the next apply, one by this variable is not."
  type        = bool
  default     = true
  nullable    = false
}

variable "notifications" {
  description = "Whether new objects in pending ask for a run. Without a value, when the module creates the buckets: a bucket has one list of notifications, and for one that exists this replaces it."
  type        = bool
  default     = null
}

variable "batch_window_seconds" {
  description = "Seconds for which notifications are gathered before a run. Longer makes fewer runs and larger files, and later rows."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.batch_window_seconds >= 1 && var.batch_window_seconds <= 300 && floor(var.batch_window_seconds) == var.batch_window_seconds
    error_message = "The window is a whole number of seconds from 1 to 300."
  }
}

variable "receives_max" {
  description = "How often a message is tried before it goes to the dead letters. A busy table costs one try."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.receives_max >= 5 && var.receives_max <= 1000 && floor(var.receives_max) == var.receives_max
    error_message = "The tries are a whole number from 5 to 1000."
  }
}

variable "schedule" {
  description = "When a run takes what is pending whatever became of its notifications, as EventBridge Scheduler has it: `rate(1 hour)`, `cron(0 6 * * ? *)`, `at(2026-01-31T06:00:00)`. It is also the longest that inputs wait which a busy table or a full run has left. null for never."
  type        = string
  default     = "rate(15 minutes)"

  validation {
    condition = var.schedule == null || anytrue([for form in [
      "^rate\\([1-9][0-9]* (minute|hour|day)s?\\)$", "^cron\\([^ ()]+( [^ ()]+){5}\\)$", "^at\\([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\)$",
    ] : can(regex(form, var.schedule))])
    error_message = "The schedule is rate(15 minutes), with minutes, hours or days; or cron(0 6 * * ? *), with six fields; or at(2026-01-31T06:00:00)."
  }
}

variable "workflow" {
  description = "Whether there is a state machine that does the job. It is started by hand, or by what you build around it."
  type        = bool
  default     = true
  nullable    = false
}

variable "scale_out" {
  description = "Whether an execution of the workflow is one run over many invocations (a distributed map), instead of the two halves of the job, one after the other. It wants a `reserved_concurrency` of many, or of none."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.scale_out || var.workflow
    error_message = "A run over many invocations is an execution of the workflow, and there is none with workflow = false."
  }

  validation {
    condition     = !var.scale_out || var.reserved_concurrency == -1 || var.reserved_concurrency > 2
    error_message = "One or two invocations at once, as reserved_concurrency has it, are no run over many: reserve as many as items should be done at once, or -1 for none."
  }
}

variable "max_concurrency" {
  description = "Items of a run over many invocations that are done at once. Without it, as many as `reserved_concurrency` allows, or 100 when there is none."
  type        = number
  default     = null

  validation {
    condition     = var.max_concurrency == null || try(var.max_concurrency >= 1 && var.max_concurrency <= 10000 && floor(var.max_concurrency) == var.max_concurrency, false)
    error_message = "The concurrency is a whole number from 1 to 10000."
  }
}

variable "item_bytes" {
  description = "Bytes of inputs in an item of a run over many invocations. Without it, 256 MiB, or what gives about 512 items."
  type        = number
  default     = null

  validation {
    condition     = var.item_bytes == null || try(var.item_bytes >= 1 && floor(var.item_bytes) == var.item_bytes, false)
    error_message = "The size is a whole number of bytes, at least 1."
  }
}

# --- alarms ---

variable "alarms" {
  description = "Whether there are alarms, and a topic that they go to."
  type        = bool
  default     = true
  nullable    = false
}

variable "alarm_email" {
  description = "Address that alarms are sent to. Whoever has it confirms once."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_email == null || can(regex("^[^@[:space:]]+@[^@[:space:]]+$", var.alarm_email))
    error_message = "That is no address of mail."
  }
}

variable "alarm_idle_hours" {
  description = "Hours without any input after which there is an alarm. null for none, where producers may be silent."
  type        = number
  default     = 24

  validation {
    # CloudWatch looks back for a day.
    condition     = var.alarm_idle_hours == null || try(var.alarm_idle_hours >= 1 && var.alarm_idle_hours <= 24 && floor(var.alarm_idle_hours) == var.alarm_idle_hours, false)
    error_message = "The hours are a whole number from 1 to 24."
  }
}

variable "alarm_reject_percent" {
  description = "Percent of an hour's records above which rejects are an alarm."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.alarm_reject_percent >= 0 && var.alarm_reject_percent < 100
    error_message = "The share is a number of percent from 0 to below 100."
  }
}

variable "dashboard" {
  description = "Whether there is a dashboard."
  type        = bool
  default     = true
  nullable    = false
}

# --- catalog ---

variable "catalog" {
  description = "How Athena knows partitions. `projection`: it computes them, and sees each file at once. `partitions`: each run registers its own in Glue, queries need not name a type, and `event_types` and `years` do not matter. `none`: there is no database, no table and no workgroup."
  type        = string
  default     = "projection"
  nullable    = false

  validation {
    condition     = contains(["projection", "partitions", "none"], var.catalog)
    error_message = "The catalog is one of projection, partitions and none."
  }
}

variable "database_name" {
  description = "Name of the Glue database. The default is the module's name with underscores for hyphens."
  type        = string
  default     = null

  validation {
    condition     = var.database_name == null || can(regex("^[a-z][a-z0-9_]{0,254}$", var.database_name))
    error_message = "The database is named by lower-case letters, digits and underscores."
  }
}

variable "table_name" {
  description = "Name of the table in the database."
  type        = string
  default     = "events"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,254}$", var.table_name))
    error_message = "The table is named by lower-case letters, digits and underscores."
  }
}

variable "event_types" {
  description = "Values of domain_event_type as they stand in the paths of the table. With them a query need not name one, and sees no other. Without them each query names the ones it wants."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    # The alphabet of partition values in paths: everything else is percent-encoded there.
    condition     = alltrue([for value in var.event_types : can(regex("^([A-Za-z0-9_.-]|%[0-9A-F]{2})+$", value))])
    error_message = "Write the values as in the paths: letters, digits, `-`, `_`, `.`, and everything else as % and two capital hexadecimal digits."
  }

  validation {
    condition     = length(distinct(var.event_types)) == length(var.event_types)
    error_message = "Each value is named once."
  }
}

variable "years" {
  description = "First and last year that queries see. Athena looks for each day that a query does not exclude, and rows of other years are invisible to it."
  type = object({
    first = number
    last  = number
  })
  default = {
    first = 2015
    last  = 2035
  }
  nullable = false

  validation {
    condition = alltrue([
      var.years.first >= 1, var.years.first <= var.years.last, var.years.last <= 9999,
      floor(var.years.first) == var.years.first, floor(var.years.last) == var.years.last,
    ])
    error_message = "The years are whole numbers from 1 to 9999, the first not behind the last."
  }
}

# --- queries ---

variable "athena" {
  description = "Whether there is a workgroup of Athena, with named queries and a bucket for results. Only with a catalog."
  type        = bool
  default     = true
  nullable    = false
}

variable "results_bucket" {
  description = "Name of a bucket that exists, for results of queries. Without it the module creates one."
  type        = string
  default     = null

  validation {
    condition     = var.results_bucket == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.results_bucket))
    error_message = "A bucket's name is 3 to 63 lower-case letters, digits, hyphens and dots, with a letter or digit at both ends."
  }

  validation {
    condition     = var.results_bucket == null || !contains(values(local.bucket_names), coalesce(var.results_bucket, "none"))
    error_message = "Results of queries have a bucket of their own: a zone is the whole of its bucket, and readers write where results are."
  }
}

variable "results_retention_days" {
  description = "Days after which results of queries are erased."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.results_retention_days >= 1 && floor(var.results_retention_days) == var.results_retention_days
    error_message = "The retention is a whole number of days, at least 1."
  }
}

variable "query_bytes_max" {
  description = "Bytes that a query may read before Athena ends it, at least 10 MB. It is what a query can cost at most: $5 a terabyte, in most regions."
  type        = number
  default     = 1000000000000
  nullable    = false

  validation {
    condition     = var.query_bytes_max >= 10485760 && floor(var.query_bytes_max) == var.query_bytes_max
    error_message = "The limit is a whole number of bytes, at least 10 MiB."
  }
}
