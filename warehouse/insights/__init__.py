"""Questions that analysts ask. Each is a frozen struct, runs as one SQL statement, and has a typed answer."""

from warehouse.insights.action_effect import ActionEffect, action_effect
from warehouse.insights.anomaly import Anomaly, anomaly
from warehouse.insights.bottleneck import Bottleneck, bottleneck
from warehouse.insights.buyers.clusters import Clusters, clusters
from warehouse.insights.buyers.clv import Clv, clv
from warehouse.insights.buyers.rfm import Rfm, rfm
from warehouse.insights.cause import Cause, cause
from warehouse.insights.correlation import Correlation, correlation
from warehouse.insights.dropoff import Dropoff, dropoff
from warehouse.insights.engagement import Engagement, engagement
from warehouse.insights.errors import BadQuestion, UnknownName
from warehouse.insights.filters import Filter, Selector
from warehouse.insights.funnel import Funnel, funnel
from warehouse.insights.heat.heatmap import Heatmap, heatmap
from warehouse.insights.lifecycle import Lifecycle, lifecycle
from warehouse.insights.marketing.attribution import Attribution, attribution
from warehouse.insights.marketing.campaigns import Campaigns, campaigns
from warehouse.insights.marketing.effect import CampaignEffect, campaign_effect
from warehouse.insights.overlap import Overlap, overlap
from warehouse.insights.overview import Overview, overview
from warehouse.insights.paths import Paths, paths
from warehouse.insights.prediction.churn_rules import ChurnRules, churn_rules
from warehouse.insights.prediction.predicted import intent, risk
from warehouse.insights.prediction.question import Intent, Risk
from warehouse.insights.prediction.recommend import Recommend, recommend
from warehouse.insights.retention import Retention, retention
from warehouse.insights.sales.pipeline import pipeline
from warehouse.insights.sales.question import Pipeline
from warehouse.insights.sentiment import Sentiment, sentiment
from warehouse.insights.service import Service, service
from warehouse.insights.stickiness import Stickiness, stickiness
from warehouse.insights.stuck import Stuck, stuck
from warehouse.insights.survey import Survey, survey
from warehouse.insights.trend import Trend, trend

__all__ = [
    "ActionEffect",
    "Anomaly",
    "Attribution",
    "BadQuestion",
    "Bottleneck",
    "CampaignEffect",
    "Campaigns",
    "Cause",
    "ChurnRules",
    "Clusters",
    "Clv",
    "Correlation",
    "Dropoff",
    "Engagement",
    "Filter",
    "Funnel",
    "Heatmap",
    "Intent",
    "Lifecycle",
    "Overlap",
    "Overview",
    "Paths",
    "Pipeline",
    "Recommend",
    "Retention",
    "Rfm",
    "Risk",
    "Selector",
    "Sentiment",
    "Service",
    "Stickiness",
    "Stuck",
    "Survey",
    "Trend",
    "UnknownName",
    "action_effect",
    "anomaly",
    "attribution",
    "bottleneck",
    "campaign_effect",
    "campaigns",
    "cause",
    "churn_rules",
    "clusters",
    "clv",
    "correlation",
    "dropoff",
    "engagement",
    "funnel",
    "heatmap",
    "intent",
    "lifecycle",
    "overlap",
    "overview",
    "paths",
    "pipeline",
    "recommend",
    "retention",
    "rfm",
    "risk",
    "sentiment",
    "service",
    "stickiness",
    "stuck",
    "survey",
    "trend",
]
