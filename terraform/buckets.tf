locals {
  # The buckets of the zones, and the one that Athena puts its results into.
  created_buckets = merge(
    var.create_buckets ? local.bucket_names : {},
    local.has_athena && var.results_bucket == null ? { results = local.results_bucket } : {},
  )

  # Inputs and the table are what nobody can make again. The stage holds nothing that a run would not write again, and
  # results are there for the next hour.
  versioned_buckets = { for use, name in local.created_buckets : use => name if contains(["landing", "trusted"], use) }

  expiring_buckets = {
    stage   = { id = "left-by-failed-runs", prefix = "events/", days = var.stage_retention_days }
    results = { id = "results", prefix = "", days = var.results_retention_days }
  }

  only_tls = {
    for use, arn in merge(local.bucket_arns, { results = local.results_bucket_arn }) : use => {
      Sid       = "OnlyTls"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [arn, "${arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }
  }

  # The number of a commit is taken once. The function asks S3 for that with each commit; here S3 insists on it, whoever
  # writes. Uploads in parts are told by their last request, which is the one that creates an object.
  log_is_written_once = {
    Sid       = "LogIsWrittenOnce"
    Effect    = "Deny"
    Principal = "*"
    Action    = "s3:PutObject"
    Resource  = local.folders.log
    Condition = {
      Null = { "s3:if-none-match" = "true" }
      Bool = { "s3:ObjectCreationOperation" = "true" }
    }
  }

  # An input that is replaced while a run reads it costs the run. Producers that put under new names only never notice.
  inputs_are_written_once = merge(local.log_is_written_once, { Sid = "InputsAreWrittenOnce", Resource = local.folders.pending })

  bucket_statements = {
    landing = concat([local.only_tls.landing], var.write_once_inputs ? [local.inputs_are_written_once] : [])
    stage   = [local.only_tls.stage]
    trusted = [local.only_tls.trusted, local.log_is_written_once]
    results = [local.only_tls.results]
  }
}

resource "aws_s3_bucket" "made" {
  for_each = local.created_buckets

  bucket = each.value
  tags   = var.tags
}

resource "aws_s3_bucket_public_access_block" "made" {
  for_each = aws_s3_bucket.made

  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "made" {
  for_each = aws_s3_bucket.made

  bucket = each.value.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "made" {
  for_each = aws_s3_bucket.made

  bucket = each.value.id

  rule {
    # One key of KMS a bucket instead of one an object: a run writes thousands of them.
    bucket_key_enabled = var.kms_key_arn != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_versioning" "made" {
  for_each = local.versioned_buckets

  bucket = aws_s3_bucket.made[each.key].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "made" {
  for_each = aws_s3_bucket.made

  bucket = each.value.id

  rule {
    id     = "incomplete-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      # An invocation ends after 15 minutes, and so do its uploads.
      days_after_initiation = 1
    }
  }

  dynamic "rule" {
    for_each = [for use, expiring in local.expiring_buckets : expiring if use == each.key]

    content {
      id     = rule.value.id
      status = "Enabled"

      filter {
        prefix = rule.value.prefix
      }

      expiration {
        days = rule.value.days
      }
    }
  }

  dynamic "rule" {
    for_each = contains(keys(local.versioned_buckets), each.key) ? ["versions"] : []

    content {
      id     = "old-versions"
      status = "Enabled"

      filter {}

      noncurrent_version_expiration {
        noncurrent_days = var.noncurrent_retention_days
      }

      expiration {
        expired_object_delete_marker = true
      }
    }
  }

  # Each input that is moved leaves a version and a marker in `pending`, and every listing has to step over them. Where two
  # rules are about a version, S3 follows the one that ends it sooner.
  dynamic "rule" {
    for_each = each.key == "landing" ? ["pending"] : []

    content {
      id     = "moved-inputs"
      status = "Enabled"

      filter {
        prefix = "pending/"
      }

      noncurrent_version_expiration {
        noncurrent_days = var.pending_retention_days
      }

      expiration {
        expired_object_delete_marker = true
      }
    }
  }

  # S3 refuses rules for versions of a bucket that has none.
  depends_on = [aws_s3_bucket_versioning.made]
}

resource "aws_s3_bucket_policy" "made" {
  for_each = aws_s3_bucket.made

  bucket = each.value.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = local.bucket_statements[each.key]
  })

  # S3 refuses two changes of a bucket's access at once.
  depends_on = [aws_s3_bucket_public_access_block.made]
}
