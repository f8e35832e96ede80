"""Every insight there is: its question, its answer, and how one comes from the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from warehouse.insights.action_effect import (
    ActionEffect,
    ActionEffectAnswer,
    action_effect,
    action_effect_table,
)
from warehouse.insights.anomaly import Anomaly, AnomalyAnswer, anomaly, anomaly_table
from warehouse.insights.bottleneck import Bottleneck, BottleneckAnswer, bottleneck, bottleneck_table
from warehouse.insights.buyers.clusters import Clusters, ClustersAnswer, clusters, clusters_table
from warehouse.insights.buyers.clv import Clv, ClvAnswer, clv, clv_table
from warehouse.insights.buyers.rfm import Rfm, RfmAnswer, rfm, rfm_table
from warehouse.insights.cause import Cause, CauseAnswer, cause, cause_table
from warehouse.insights.correlation import Correlation, CorrelationAnswer, correlation, correlation_table
from warehouse.insights.dropoff import Dropoff, DropoffAnswer, dropoff, dropoff_table
from warehouse.insights.engagement import Engagement, EngagementAnswer, engagement, engagement_table
from warehouse.insights.funnel import Funnel, FunnelAnswer, funnel, funnel_table
from warehouse.insights.heat.heatmap import Heatmap, HeatmapAnswer, heatmap, heatmap_table
from warehouse.insights.lifecycle import Lifecycle, LifecycleAnswer, lifecycle, lifecycle_table
from warehouse.insights.marketing.attribution import (
    Attribution,
    AttributionAnswer,
    attribution,
    attribution_table,
)
from warehouse.insights.marketing.campaigns import Campaigns, CampaignsAnswer, campaigns, campaigns_table
from warehouse.insights.marketing.effect import (
    CampaignEffect,
    CampaignEffectAnswer,
    campaign_effect,
    campaign_effect_table,
)
from warehouse.insights.overlap import Overlap, OverlapAnswer, overlap, overlap_table
from warehouse.insights.overview import Overview, OverviewAnswer, overview, overview_table
from warehouse.insights.paths import Paths, PathsAnswer, paths, paths_table
from warehouse.insights.prediction.churn_rules import (
    ChurnRules,
    ChurnRulesAnswer,
    churn_rules,
    churn_rules_table,
)
from warehouse.insights.prediction.predicted import (
    IntentAnswer,
    RiskAnswer,
    intent,
    prediction_table,
    risk,
)
from warehouse.insights.prediction.question import Intent, Risk
from warehouse.insights.prediction.recommend import (
    Recommend,
    RecommendAnswer,
    recommend,
    recommend_table,
)
from warehouse.insights.question import Answer, Question
from warehouse.insights.retention import Retention, RetentionAnswer, retention, retention_table
from warehouse.insights.sales.pipeline import pipeline, pipeline_table
from warehouse.insights.sales.question import Pipeline, PipelineAnswer
from warehouse.insights.sentiment import Sentiment, SentimentAnswer, sentiment, sentiment_table
from warehouse.insights.service import Service, ServiceAnswer, service, service_table
from warehouse.insights.stickiness import (
    Stickiness,
    StickinessAnswer,
    stickiness,
    stickiness_table,
)
from warehouse.insights.stuck import Stuck, StuckAnswer, stuck, stuck_table
from warehouse.insights.survey import Survey, SurveyAnswer, survey, survey_table
from warehouse.insights.tables import Table
from warehouse.insights.trend import Trend, TrendAnswer, trend, trend_table


class Insight(msgspec.Struct, frozen=True):
    """`ask`: (lake, question, now in µs UTC) -> answer; `table`: the answer as one table."""

    name: str
    question: type[Question]
    answer: type[Answer]
    ask: Callable[..., Any]
    table: Callable[[Any], Table]

    @property
    def summary(self) -> str:
        return (self.question.__doc__ or "").split("\n\n")[0].replace("\n    ", " ")


_ALL: Final = (
    Insight("action_effect", ActionEffect, ActionEffectAnswer, action_effect, action_effect_table),
    Insight("anomaly", Anomaly, AnomalyAnswer, anomaly, anomaly_table),
    Insight("attribution", Attribution, AttributionAnswer, attribution, attribution_table),
    Insight("bottleneck", Bottleneck, BottleneckAnswer, bottleneck, bottleneck_table),
    Insight("campaign_effect", CampaignEffect, CampaignEffectAnswer, campaign_effect, campaign_effect_table),
    Insight("campaigns", Campaigns, CampaignsAnswer, campaigns, campaigns_table),
    Insight("cause", Cause, CauseAnswer, cause, cause_table),
    Insight("churn_rules", ChurnRules, ChurnRulesAnswer, churn_rules, churn_rules_table),
    Insight("clusters", Clusters, ClustersAnswer, clusters, clusters_table),
    Insight("clv", Clv, ClvAnswer, clv, clv_table),
    Insight("correlation", Correlation, CorrelationAnswer, correlation, correlation_table),
    Insight("dropoff", Dropoff, DropoffAnswer, dropoff, dropoff_table),
    Insight("engagement", Engagement, EngagementAnswer, engagement, engagement_table),
    Insight("funnel", Funnel, FunnelAnswer, funnel, funnel_table),
    Insight("heatmap", Heatmap, HeatmapAnswer, heatmap, heatmap_table),
    Insight("intent", Intent, IntentAnswer, intent, prediction_table),
    Insight("lifecycle", Lifecycle, LifecycleAnswer, lifecycle, lifecycle_table),
    Insight("overlap", Overlap, OverlapAnswer, overlap, overlap_table),
    Insight("overview", Overview, OverviewAnswer, overview, overview_table),
    Insight("paths", Paths, PathsAnswer, paths, paths_table),
    Insight("pipeline", Pipeline, PipelineAnswer, pipeline, pipeline_table),
    Insight("recommend", Recommend, RecommendAnswer, recommend, recommend_table),
    Insight("retention", Retention, RetentionAnswer, retention, retention_table),
    Insight("rfm", Rfm, RfmAnswer, rfm, rfm_table),
    Insight("risk", Risk, RiskAnswer, risk, prediction_table),
    Insight("sentiment", Sentiment, SentimentAnswer, sentiment, sentiment_table),
    Insight("service", Service, ServiceAnswer, service, service_table),
    Insight("stickiness", Stickiness, StickinessAnswer, stickiness, stickiness_table),
    Insight("stuck", Stuck, StuckAnswer, stuck, stuck_table),
    Insight("survey", Survey, SurveyAnswer, survey, survey_table),
    Insight("trend", Trend, TrendAnswer, trend, trend_table),
)
INSIGHTS: Final = {one.name: one for one in _ALL}
