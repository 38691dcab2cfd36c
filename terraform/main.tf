data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  zones = ["landing", "stage", "trusted"]

  bucket_names = {
    for zone in local.zones :
    zone => coalesce(var.bucket_names[zone], "${var.name}-${zone}-${data.aws_caller_identity.current.account_id}")
  }

  # Made from the names, so that policies are known before there is a bucket, and are the same for one that exists.
  bucket_arns = {
    for zone, name in local.bucket_names : zone => "arn:${data.aws_partition.current.partition}:s3:::${name}"
  }

  results_bucket = coalesce(var.results_bucket, "${var.name}-results-${data.aws_caller_identity.current.account_id}")

  # What a run finds and leaves in each zone: the core's module `run/layout.rs`. A zone is the whole of its bucket.
  folders = {
    pending    = "${local.bucket_arns.landing}/pending/*"
    processed  = "${local.bucket_arns.landing}/processed/*"
    quarantine = "${local.bucket_arns.landing}/quarantine/*"
    runs       = "${local.bucket_arns.stage}/events/*"
    table      = "${local.bucket_arns.trusted}/events/*"
    control    = "${local.bucket_arns.trusted}/control/*"
    log        = "${local.bucket_arns.trusted}/control/log/*"
    items      = "${local.bucket_arns.stage}/events/run=*/items/*"
  }

  # ARNs are made from names as well: `arn:aws:sqs:eu-west-1:123456789012:` and what the service adds.
  arn_prefixes = {
    for service in ["athena", "cloudwatch", "glue", "lambda", "logs", "scheduler", "sns", "sqs", "states"] :
    service => join(":", [
      "arn", data.aws_partition.current.partition, service, data.aws_region.current.id, data.aws_caller_identity.current.account_id,
    ])
  }

  # Who asks on behalf of somebody is let in for this account only.
  this_account = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }

  # The one entrance of all that asks for a run without waiting for it.
  has_notifications = coalesce(var.notifications, var.create_buckets)

  has_queue  = local.has_notifications || var.schedule != null
  has_athena = var.athena && var.catalog != "none"
}
