# Everything that the module can make, each choice written down, with a key of KMS and a role for a producer.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 6"
    }
  }
}

provider "aws" {
  region = var.region

  # A server that plays AWS has no regions of accounts to ask for, and is reached by paths instead of names.
  access_key                  = var.endpoint == null ? null : "test"
  secret_key                  = var.endpoint == null ? null : "test"
  skip_credentials_validation = var.endpoint != null
  skip_metadata_api_check     = var.endpoint != null
  s3_use_path_style           = var.endpoint != null

  dynamic "endpoints" {
    for_each = var.endpoint == null ? [] : [var.endpoint]

    content {
      athena     = endpoints.value
      cloudwatch = endpoints.value
      events     = endpoints.value
      glue       = endpoints.value
      iam        = endpoints.value
      kms        = endpoints.value
      lambda     = endpoints.value
      logs       = endpoints.value
      s3         = endpoints.value
      scheduler  = endpoints.value
      sfn        = endpoints.value
      sns        = endpoints.value
      sqs        = endpoints.value
      sts        = endpoints.value
    }
  }

  default_tags {
    tags = { application = "events" }
  }
}

data "aws_caller_identity" "current" {}

# The key's policy lets the account's policies decide, and the services in that write to the queue and the topic themselves.
resource "aws_kms_key" "events" {
  description             = "Encrypts events."
  enable_key_rotation     = true
  deletion_window_in_days = 7

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "PoliciesOfTheAccountDecide"
        Effect    = "Allow"
        Principal = { AWS = data.aws_caller_identity.current.account_id }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "NotificationsAndAlarms"
        Effect    = "Allow"
        Principal = { Service = ["s3.amazonaws.com", "cloudwatch.amazonaws.com"] }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
      },
    ]
  })
}

module "events" {
  source = "../.."

  name        = var.name
  lambda_zip  = var.lambda_zip
  kms_key_arn = aws_kms_key.events.arn
  tags        = { owner = "data" }

  # Producers put with `If-None-Match: *`.
  write_once_inputs = true

  # A run over many invocations, each with two processors.
  scale_out            = true
  reserved_concurrency = var.reserved_concurrency
  memory_mb            = 3538
  scratch_mb           = 4096

  # Each run registers its partitions, so queries need not name a type.
  catalog       = "partitions"
  database_name = "lake"

  # Rows at most a minute and a half behind, and a sweep three times a day.
  batch_window_seconds = 30
  schedule             = "cron(0 6,14,22 * * ? *)"

  alarm_email          = var.alarm_email
  alarm_idle_hours     = 12
  alarm_reject_percent = 0.5

  query_bytes_max = 200 * 1000 * 1000 * 1000
}

# A producer: here the functions of this account may take the role.
resource "aws_iam_role" "producer" {
  name        = "${var.name}-producer"
  description = "Writes events into the landing zone."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "producer" {
  role       = aws_iam_role.producer.name
  policy_arn = module.events.producer_policy_arn
}
