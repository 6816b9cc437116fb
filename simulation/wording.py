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
    # rings, consultations, rulings, sessions, supervision, measures
    "report_up": (
        "已多次处置仍反复，涉及多个部门职责，街道无力单独解决，提请区里协调。",
        "涉及管网权属和资金，街道层面无法解决。",
    ),
    "tried": ("已现场处置三次并约谈责任方，问题仍然反复。", "已组织社区协商两次，未达成一致。"),
    "whistle_up": ("现场需要多部门联合执法，请相关部门到场。",),
    "question": ("该事项由哪个单位承办，请各单位依据职责表态。",),
    "opinion": ("依据三定规定和派单目录表态。", "依据本单位权责清单表态。"),
    "conclusion": ("线下会商一致同意由首位单位主办，其余单位配合。",),
    "send_on": ("各方意见不一，提请明责。",),
    "evidence": ("提交本单位三定规定相关条款。", "提交权责清单及以往处置记录。"),
    "ruling": ("依据三定规定和首接负责原则裁定，不予回退。",),
    "refuse_report": ("所报事项资料不全，且属跨区事项，区里不予受理，上报市里。",),
    "whistle": ("请到现场集合，携带相关资料。",),
    "report_in": ("已到达现场，负责人在场。",),
    "not_coming": ("该事项与本单位职责无关，不参加。",),
    "survey": ("现场情况属实，涉及公共部位，已拍照留存。", "问题持续存在，影响范围约二十户。"),
    "ring_basis": ("经现场勘查和会商，明确主办和配合单位。",),
    "task_force": ("组建专班，限期完成整治。",),
    "measure": ("完成整改并建立巡查机制。", "更换老化设施，恢复正常使用。"),
    "list": ("列入挂牌督办，按期反馈。",),
    "ask_session": ("多次协调未果，提请领导坐诊。",),
    "escalate": ("超出本级职权，提请上一级协调。",),
    "rating": ("到场及时，配合良好。", "到场较慢，处置到位。"),
    "deputy": ("主要负责人另有会议，由分管负责人参加。",),
    "final_opinion": ("明确牵头单位，限期解决，结果报告。",),
    "minutes": ("会议逐项研究，明确责任单位和时限。",),
    "acknowledge": ("已收到，立即落实。",),
    "supervision_reply": ("已完成整改，现报告办理情况。", "已约谈责任人并完成处置。"),
    "verify_yes": ("经核实，已落实到位。",),
    "verify_no": ("经核实，未达到要求。",),
    "raise": ("逾期未反馈，升级督办。",),
    "facts": ("经多次督办仍未落实，事实清楚。",),
    "lift": ("已另行安排，撤牌。",),
    "statement": ("受施工条件影响，已制定补救措施。",),
    "serve": ("现予送达，请按期整改。",),
    "incident": ("系统对接失败，已电话通知并由值班人员确认。", "对方系统停用，改由人工送达。"),
    "incident_waive": ("该消息已无必要送达，免除。",),
}


def words(occasion: str, rng: random.Random) -> str:
    """Return one sentence for the occasion; KeyError for an unknown one."""
    return rng.choice(SENTENCES[occasion])
