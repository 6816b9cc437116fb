"""What the units and the staff of the sample city write: a few sentences of our own for every occasion, in Chinese.

Drawn with the caller's generator, so that the same seed writes the same words. No person is named.
"""

import random
from collections.abc import Mapping
from typing import Final

SENTENCES: Final[Mapping[str, tuple[str, ...]]] = {
    # what a unit writes
    "solved": (
        "接单后当日到现场核实，问题属实，已处理完毕并复查，附处理后照片。",
        "已安排人员处置，现场恢复正常，已电话告知来电人处理结果。",
        "经核查情况属实，已完成整改，后续纳入日常巡查。",
    ),
    "partly": (
        "主要问题已解决，其余部分列入本月计划，完成后再次告知来电人。",
        "已先行消除隐患，剩余工程需排期施工，已向来电人说明进度。",
    ),
    "explained": (
        "经核实，该事项按现行规定办理，已向来电人解释依据和办理途径。",
        "来电人所述情况不属于违规，已说明相关标准，来电人表示了解。",
    ),
    "not_reasonable": ("经现场核查，诉求缺少事实依据，已向来电人说明理由并告知救济途径。",),
    "contact": ("已电话联系来电人，了解具体位置和情况。", "已到现场查看并与来电人沟通。"),
    "progress": ("已完成现场勘查，正在组织处置。", "材料和人员已到位，正在施工。", "已约谈相关责任方，正在督促整改。"),
    "return_reason": (
        "经核对职责，该事项不属于我单位管理范围。",
        "现场位于他区管辖范围，我单位无处置权限。",
        "该设施产权属其他单位，应由其负责维护。",
    ),
    "return_basis": ("依据本单位权责清单，无此项职责。", "依据派单目录，该事项承办单位另有规定。"),
    "extension_reason": ("需跨单位协调施工窗口，按期完成存在困难，申请延期。", "设备采购需要时间，已告知来电人。"),
    "pause_evidence": (
        "已委托鉴定机构，等待鉴定意见。",
        "需来电人补充材料，已书面告知。",
        "连续降雨，暂不具备施工条件。",
    ),
    "resume": ("暂停原因已消除，恢复办理。",),
    "terminate": ("受理后发现该事项已进入诉讼程序，申请终止办理。", "来电人多次拒绝配合核实，申请终止办理。"),
    # what the staff write
    "answer": ("该事项可在政务服务网办理，所需材料和流程已告知来电人。", "已依据知识库答复来电人，来电人表示清楚。"),
    "answer_en": ("The procedure and the documents needed have been explained to the caller.",),
    "divert": ("情况紧急，已同步转接紧急热线并保持通话至接通。",),
    "guide": ("该事项应通过法定途径解决，已告知受理机关、期限和所需材料。",),
    "decline": ("该事项不属于热线受理范围，已向来电人说明理由。",),
    "remedy": ("如有异议，可向市热线机构申请复核，或依法通过其他途径提出。",),
    "merge": ("与已受理诉求内容一致，并入主单办理，来电人单独回复。",),
    "split": ("复听录音后认为诉求不同，恢复单独办理。",),
    "triage": ("根据来电内容和现场情况重新定类。",),
    "dispatch_note": ("请按时限联系来电人并反馈办理结果。", "请主办单位牵头，协办单位配合。"),
    "add": ("需要该单位配合办理，加派。",),
    "reassign": ("核对职责后改派。",),
    "withdraw": ("不再需要该单位办理，撤回。",),
    "phone": ("已电话通知该单位值班室，对方确认收到。",),
    "accept": ("办理结果清楚，附件齐全，审核通过。",),
    "send_back": ("未说明处理过程，请补充现场照片和处理时间。", "答复未回应来电人的主要问题，请补正。"),
    "waive": ("主办单位已办结，协办结果不再需要。",),
    "return_yes": ("职责依据成立，同意退单。",),
    "return_no": ("派单符合目录，不同意退单，请继续办理。",),
    "designate": ("依据首接负责和派单目录，指定该单位主办，不予回退。",),
    "extension_yes": ("理由充分，已告知来电人，同意延期。",),
    "extension_no": ("理由不充分，请按原时限办理。",),
    "pause_yes": ("证据充分，同意暂停计时。",),
    "pause_no": ("证据不足，不同意暂停。",),
    "callback": ("已回访，来电人说明了评价理由。", "已回访，来电人表示感谢。"),
    "callback_no": ("无人接听，稍后再次回访。",),
    "callback_unreasonable": ("来电人要求超出政策规定，现场已处理完毕，建议按不合理诉求复核。",),
    "callback_waive": ("来电人要求不再回访。", "来电人未留联系方式。"),
    "closing_yes": ("依据充分，同意办结。",),
    "closing_no": ("理由不充分，退回重办。",),
    "terminate_yes": ("符合终止条件，同意。",),
    "terminate_no": ("不符合终止条件，请继续办理。",),
    "withdrew": ("来电人要求撤回诉求。",),
    "object": ("来电人对办结结果有异议，要求重新办理。",),
    "urge": ("同一事项两次不满意，催办承办单位。",),
    "supervise": ("同一事项四次不满意，督办承办单位。",),
    "incident": ("系统对接失败，已电话通知并由值班人员确认。", "对方系统停用，改由人工送达。"),
    "incident_waive": ("该消息已无必要送达，免除。",),
}


def words(occasion: str, rng: random.Random) -> str:
    """Return one sentence for the occasion; KeyError for an unknown one."""
    return rng.choice(SENTENCES[occasion])
