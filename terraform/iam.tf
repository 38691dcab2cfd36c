locals {
  # Exactly the requests that a run makes. What is not here is not needed: nothing in the table, what it says about itself,
  # `processed` and `quarantine` is ever deleted, and nobody but its producers writes to `pending`.
  function_statements = concat(
    [
      {
        Sid    = "ListZones"
        Effect = "Allow"
        Action = ["s3:ListBucket"]
        # S3 answers a request for an object that is not there with "not found" to whoever may list the bucket, else with
        # "forbidden", and a run asks for many: whether an input's new name is free, for the newest entry of the log, for the
        # first of a new table. Such a request has no `s3:prefix`, so a condition on that, met by no request but a listing,
        # may make each of them forbidden. A zone is the whole of its bucket, and what it gives besides is names.
        Resource = [for zone in local.zones : local.bucket_arns[zone]]
      },
      {
        Sid      = "TakeInputs"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:DeleteObject"]
        Resource = [local.folders.pending]
      },
      {
        Sid    = "KeepInputs"
        Effect = "Allow"
        # Moving is copying and deleting, and S3 copies large inputs as uploads in parts. Tags stay behind.
        Action   = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"]
        Resource = [local.folders.processed]
      },
      {
        Sid      = "KeepRejects"
        Effect   = "Allow"
        Action   = ["s3:PutObject"]
        Resource = [local.folders.quarantine]
      },
      {
        Sid      = "UseStage"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
        Resource = [local.folders.runs]
      },
      {
        Sid    = "ChangeTable"
        Effect = "Allow"
        # Rows of earlier runs are held against new ones, and small files take new rows in.
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = [local.folders.table]
      },
      {
        Sid      = "Commit"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = [local.folders.control]
      },
      {
        Sid      = "WriteLogLines"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${local.log_group_arn}:*"]
      },
      {
        Sid      = "KeepWhatFailed"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [local.dead_letters_arn]
      },
    ],
    local.has_queue ? [
      {
        Sid      = "TakeNotifications"
        Effect   = "Allow"
        Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
        Resource = [local.queue_arn]
      },
    ] : [],
    var.catalog == "partitions" ? [
      {
        Sid      = "RegisterPartitions"
        Effect   = "Allow"
        Action   = ["glue:GetTable", "glue:CreateTable", "glue:UpdateTable", "glue:BatchCreatePartition"]
        Resource = local.table_arns
      },
    ] : [],
    var.kms_key_arn == null ? [] : [
      {
        Sid       = "UseKey"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = [var.kms_key_arn]
        Condition = { StringEquals = { "kms:ViaService" = [local.key_services.s3, local.key_services.sqs] } }
      },
  ])

  # Made from the name, so that the policy is known before there is a group.
  log_group_arn = "${local.arn_prefixes.logs}:log-group:/aws/lambda/${local.function_name}"

  # Rights of services, which no policy of the account can give: those of the key must. There `*` is the key itself.
  key_policy_statements = var.kms_key_arn == null ? [] : [
    {
      Sid       = "NotificationsAndAlarms"
      Effect    = "Allow"
      Principal = { Service = ["s3.amazonaws.com", "cloudwatch.amazonaws.com"] }
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = "*"
      Condition = local.this_account
    },
  ]

  # A key is used through a service, and not by itself.
  key_services = {
    for service in ["s3", "sqs"] : service => "${service}.${data.aws_region.current.id}.${data.aws_partition.current.dns_suffix}"
  }
}

resource "aws_iam_role" "function" {
  name        = local.function_name
  description = "What a run may do."
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
      # No condition on the account: only who may pass this role can give it to a function, and only to one of this account.
    }]
  })

  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "function" {
  name = "run"
  role = aws_iam_role.function.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = local.function_statements
  })
}
